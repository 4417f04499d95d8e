import * as pulumi from "@pulumi/pulumi";
import type { Engine } from "./engine.ts";
import { litellmYaml } from "./litellm.ts";
import { memoryLimits } from "./memory.ts";
import type { Networks } from "./networks.ts";
import { RoleFiles } from "./role-files.ts";
import { Service } from "./service.ts";
import type { StackSecrets } from "./stack-secrets.ts";

export interface GatewayArgs {
  readonly engine: Engine;
  readonly image: string;
  readonly fillerImage: string;
  readonly networks: Networks;
  readonly secrets: StackSecrets;
  /** Name of the model, the same before and behind the gateway. */
  readonly model: string;
  /** OpenAI-compatible base URL of the runtime behind it, ending in /v1. */
  readonly apiBase: string;
  /** What must have succeeded before a running version is replaced: the migration gate. */
  readonly after: readonly pulumi.Resource[];
}

/** LiteLLM in front of a runtime: callers need the stack's gateway key. Publishes no port. */
export class Gateway extends pulumi.ComponentResource {
  readonly service: Service;

  constructor(name: string, args: GatewayArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:Gateway", name, {}, opts);
    const { engine, image, fillerImage, networks, secrets, model, apiBase, after } = args;
    const yaml = secrets.gateway.apply((masterKey) => litellmYaml({ model, apiBase, masterKey }));
    const files = new RoleFiles(
      `${name}-files`,
      {
        engine,
        role: "litellm",
        uid: 10005,
        image: fillerImage,
        files: { "litellm.yaml": yaml },
        fingerprintKey: secrets.fingerprint,
      },
      { parent: this },
    );
    this.service = new Service(
      `${name}-service`,
      {
        engine,
        role: "litellm",
        image,
        files,
        networks: [networks.data, networks.edge],
        // Not /health, which asks the model a question.
        healthcheck: ["/usr/local/bin/healthcheck", "4000", "/health/liveliness"],
        memory: memoryLimits.litellm,
        stopGrace: 30,
        startLimit: 240,
      },
      { parent: this, dependsOn: [...after] },
    );
    this.registerOutputs({});
  }
}
