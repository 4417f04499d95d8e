import { Command } from "@pulumi/command/local/command.js";
import * as pulumi from "@pulumi/pulumi";
import type { Model } from "../core/models.ts";
import { scriptText } from "../core/script.ts";
import type { AppSettings } from "./app-settings.ts";
import { DataVolume } from "./data-volume.ts";
import type { Engine } from "./engine.ts";
import { llmMemory } from "./memory.ts";
import { Service } from "./service.ts";

export interface EmbeddedLlmArgs {
  readonly engine: Engine;
  readonly image: string;
  readonly model: Model;
  readonly threads: number;
  /** Seconds without a question until the model leaves memory. */
  readonly idleSeconds: number;
  readonly network: pulumi.Input<string>;
  readonly environment: string;
  /** What the operator chose for the application. */
  readonly settings: AppSettings;
  /** What must have succeeded before a running version is replaced: the migration gate. */
  readonly after: readonly pulumi.Resource[];
}

/** The runtime inside the stack: one container with the model on a volume of its own, reachable by the API alone. */
export class EmbeddedLlm extends pulumi.ComponentResource {
  readonly service: Service;

  constructor(name: string, args: EmbeddedLlmArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:EmbeddedLlm", name, {}, opts);
    const { engine, image, model, threads, idleSeconds, network, after } = args;
    // A volume per model: the engine removes the old one at the end of an update that went well, so never before the new one serves.
    const content = model.sha256.slice(0, 8);
    const volume = new DataVolume(
      `${name}-model-${content}`,
      { engine, role: `model-${content}`, remade: true },
      { parent: this },
    );
    const load = new Command(
      `${name}-load-${content}`,
      {
        create: scriptText(import.meta.url, "scripts/load-model.sh"),
        environment: {
          DOCKER_HOST: engine.dockerHost,
          IMAGE: image,
          INSTALLATION: engine.identity.installation,
          MODEL: model.id,
          SHA256: model.sha256,
          VOLUME: volume.volumeName,
        },
        logging: "stderr",
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    this.service = new Service(
      `${name}-service`,
      {
        engine,
        role: "llm",
        image,
        command: ["llm"],
        environment: {
          ...args.settings.common,
          ...args.settings.llm,
          ENVIRONMENT: args.environment,
          LLM_MODEL: model.id,
          LLM_MODEL_FILE: `/models/${model.sha256}.gguf`,
          LLM_THREADS: String(threads),
          LLM_IDLE_UNLOAD_SECONDS: String(idleSeconds),
        },
        readOnlyVolumes: { "/models": volume.volumeName },
        networks: [network],
        healthcheck: ["/usr/local/bin/healthcheck", "8080", "/health"],
        memory: llmMemory(model.bytes),
      },
      { parent: this, dependsOn: [load, ...after] },
    );
    this.registerOutputs({});
  }
}
