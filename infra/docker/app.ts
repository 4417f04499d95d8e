import * as pulumi from "@pulumi/pulumi";
import type { Cache, Database } from "./stores.ts";
import type { Engine } from "./engine.ts";
import type { LlmEndpoint } from "./llm-endpoint.ts";
import { memoryLimits } from "./memory.ts";
import { Migrations } from "./migrations.ts";
import type { Networks } from "./networks.ts";
import { RoleFiles } from "./role-files.ts";
import { Service } from "./service.ts";
import type { StackSecrets } from "./stack-secrets.ts";

export interface AppArgs {
  readonly engine: Engine;
  readonly image: string;
  readonly fillerImage: string;
  readonly networks: Networks;
  readonly database: Database;
  readonly cache: Cache;
  readonly secrets: StackSecrets;
  readonly llm: LlmEndpoint;
  /** Default model name; `demo` = it only shows that the plumbing works; `nextStep` = the command that picks a better one. */
  readonly model: { readonly name: string; readonly demo: boolean; readonly nextStep: string | null };
  /** Key of the runtime, where it asks for one. */
  readonly llmApiKey: pulumi.Output<string> | null;
  readonly replicas: number;
  readonly environment: "development" | "staging" | "production";
  readonly publicUrl: string;
  readonly version: string;
}

const api = { port: 8000, uid: 10001 } as const;

/** Migrations, then the API, the web page and the worker. */
export class App extends pulumi.ComponentResource {
  readonly services: Service[];
  /** Name of the first API container: where administration commands run. */
  readonly apiContainer: pulumi.Output<string>;

  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:App", name, {}, opts);
    const { engine, image, networks, database, cache } = args;
    const apiFiles = roleFiles(`${name}-api-files`, "api", args, this);
    const workerFiles = roleFiles(`${name}-worker-files`, "worker", args, this);
    const gate = new Migrations(
      `${name}-migrations`,
      { engine, image, network: networks.data, files: apiFiles },
      { parent: this, dependsOn: [database.service] },
    );
    const behindGate = { parent: this, dependsOn: [gate, cache.service] };
    const hosts = args.llm.outside ? [{ host: "host.docker.internal", ip: "host-gateway" }] : [];
    const apis = Array.from(
      { length: args.replicas },
      (_, index) =>
        new Service(
          `${name}-api-${index + 1}`,
          {
            engine,
            role: "api",
            replica: index + 1,
            image,
            command: ["api"],
            environment: { ...runtimeEnvironment(args), PORT: String(api.port) },
            files: apiFiles,
            networks: [networks.edge, networks.data],
            hosts,
            healthcheck: ["/usr/local/bin/healthcheck", String(api.port), "/health"],
            memory: memoryLimits.api,
            stopGrace: 30,
          },
          behindGate,
        ),
    );
    const web = new Service(
      `${name}-web`,
      {
        engine,
        role: "web",
        image,
        command: ["web"],
        environment: { ENVIRONMENT: args.environment, FIDUS_VERSION: args.version, PORT: "3000", PUBLIC_URL: args.publicUrl },
        networks: [networks.edge],
        healthcheck: ["/usr/local/bin/healthcheck", "3000", "/health"],
        memory: memoryLimits.web,
        stopGrace: 30,
      },
      { parent: this, dependsOn: [gate] },
    );
    const worker = new Service(
      `${name}-worker`,
      {
        engine,
        role: "worker",
        image,
        command: ["worker"],
        environment: { ...runtimeEnvironment(args), PORT: "8001" },
        files: workerFiles,
        networks: [networks.data],
        healthcheck: ["/usr/local/bin/healthcheck", "8001", "/health"],
        memory: memoryLimits.worker,
        stopGrace: 30,
      },
      behindGate,
    );
    this.services = [...apis, web, worker];
    const [first] = apis;
    if (first === undefined) throw new Error("an App needs at least one API replica");
    this.apiContainer = first.containerName;
    this.registerOutputs({ apiContainer: this.apiContainer });
  }
}

function roleFiles(name: string, role: string, args: AppArgs, parent: pulumi.Resource): RoleFiles {
  const { engine, fillerImage, database, cache, secrets, llmApiKey } = args;
  return new RoleFiles(
    name,
    {
      engine,
      role,
      uid: api.uid,
      image: fillerImage,
      files: {
        database_url: database.url,
        redis_url: cache.url,
        session_secret: secrets.session,
        encryption_key: secrets.encryption,
        ...(llmApiKey === null ? {} : { openai_api_key: llmApiKey }),
      },
      fingerprintKey: secrets.fingerprint,
    },
    { parent },
  );
}

function runtimeEnvironment(args: AppArgs): Record<string, string> {
  return {
    DATABASE_URL_FILE: "/run/fidus/database_url",
    ENCRYPTION_KEY_FILE: "/run/fidus/encryption_key",
    ENVIRONMENT: args.environment,
    FIDUS_VERSION: args.version,
    // Only the proxy reaches the API, from the stack's own networks: it says who asked.
    FORWARDED_ALLOW_IPS: "uniquelocal",
    LLM_DEMO: String(args.model.demo),
    LLM_MODEL: args.model.name,
    LLM_RUNTIME: args.llm.runtime,
    OPENAI_API_BASE_URL: args.llm.baseUrl,
    PUBLIC_URL: args.publicUrl,
    REDIS_URL_FILE: "/run/fidus/redis_url",
    SESSION_SECRET_FILE: "/run/fidus/session_secret",
    ...(args.model.nextStep === null ? {} : { LLM_NEXT_STEP: args.model.nextStep }),
    ...(args.llmApiKey === null ? {} : { OPENAI_API_KEY_FILE: "/run/fidus/openai_api_key" }),
  };
}
