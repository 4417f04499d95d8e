import * as pulumi from "@pulumi/pulumi";
import type { AppSettings } from "./app-settings.ts";
import { DataVolume } from "./data-volume.ts";
import type { Cache, Database } from "./stores.ts";
import type { Engine } from "./engine.ts";
import type { LlmEndpoint } from "../config/llm-endpoint.ts";
import { memoryLimits } from "./memory.ts";
import { Migrations } from "./migrations.ts";
import type { Networks } from "./networks.ts";
import { leavingFolder, replicaAliases } from "./nginx.ts";
import { RoleFiles } from "./role-files.ts";
import { Service } from "./service.ts";
import { SettingsCheck } from "./settings-check.ts";
import type { StackSecrets } from "./stack-secrets.ts";

export interface AppArgs {
  readonly engine: Engine;
  readonly image: string;
  readonly fillerImage: string;
  readonly networks: Networks;
  readonly database: Database;
  readonly cache: Cache;
  readonly secrets: StackSecrets;
  /** What people upload; it outlives the application. */
  readonly uploads: DataVolume;
  readonly llm: LlmEndpoint;
  /** Default model name; `demo` = it only shows that the plumbing works; `nextStep` = the command that picks a better one. */
  readonly model: { readonly name: string; readonly demo: boolean; readonly nextStep: string | null };
  /** Key of the runtime, where it asks for one. */
  readonly llmApiKey: pulumi.Output<string> | null;
  readonly replicas: number;
  /** What the operator chose for the application. */
  readonly settings: AppSettings;
  readonly environment: "development" | "staging" | "production";
  readonly publicUrl: string;
  readonly version: string;
}

const api = { port: 8000, uid: 10001 } as const;

/** Migrations, then the API, the web page and the worker. */
export class App extends pulumi.ComponentResource {
  readonly services: Service[];
  /** What everything that serves this version waits for. */
  readonly gate: Migrations;
  /** Where replicas tell the proxy that they leave. */
  readonly leaving: DataVolume;
  /** Name of the first API container: where administration commands run. */
  readonly apiContainer: pulumi.Output<string>;

  constructor(name: string, args: AppArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:App", name, {}, opts);
    const { engine, image, networks, database, cache } = args;
    const { apiSecrets, workerSecrets } = secretsByRole(args);
    const apiFiles = roleFiles(`${name}-api-files`, "api", apiSecrets, args, this);
    const workerFiles = roleFiles(`${name}-worker-files`, "worker", workerSecrets, args, this);
    const environment = { ...apiEnvironment(args), ...fileSettings(apiSecrets) };
    const check = new SettingsCheck(`${name}-settings`, { engine, image, environment, files: apiFiles }, { parent: this });
    this.gate = new Migrations(
      `${name}-migrations`,
      { engine, image, network: networks.data, files: workerFiles },
      { parent: this, dependsOn: [database.service, check] },
    );
    const behindGate = { parent: this, dependsOn: [this.gate, cache.service] };
    const hosts = args.llm.outside || args.settings.table ? [{ host: "host.docker.internal", ip: "host-gateway" }] : [];
    this.leaving = new DataVolume(`${name}-leaving`, { engine, role: "leaving", remade: true }, { parent: this });
    const apis: Service[] = [];
    for (let index = 0; index < args.replicas; index += 1) {
      apis.push(
        new Service(
          `${name}-api-${index + 1}`,
          {
            engine,
            role: "api",
            replica: index + 1,
            image,
            command: ["api"],
            aliases: replicaAliases(index + 1),
            environment: { ...environment, LEAVING_FILE: `${leavingFolder}/${index + 1}` },
            files: apiFiles,
            volumes: { "/app/uploads": args.uploads.volumeName, [leavingFolder]: this.leaving.volumeName },
            networks: [networks.edge, networks.data],
            hosts,
            healthcheck: ["/usr/local/bin/healthcheck", String(api.port), "/health"],
            memory: memoryLimits.api,
            stopGrace: 30,
          },
          // One after the other: a replica is replaced only when the one before it is healthy again.
          { parent: this, dependsOn: [...behindGate.dependsOn, ...apis.slice(-1)] },
        ),
      );
    }
    const web = new Service(
      `${name}-web`,
      {
        engine,
        role: "web",
        image,
        command: ["web"],
        environment: { ...common(args), PORT: "3000", PUBLIC_URL: args.publicUrl },
        networks: [networks.edge],
        healthcheck: ["/usr/local/bin/healthcheck", "3000", "/health"],
        memory: memoryLimits.web,
        stopGrace: 30,
      },
      { parent: this, dependsOn: [this.gate] },
    );
    const worker = new Service(
      `${name}-worker`,
      {
        engine,
        role: "worker",
        image,
        command: ["worker"],
        environment: {
          ...common(args),
          ...args.settings.worker,
          ...llmEnvironment(args),
          ...fileSettings(workerSecrets),
          PORT: "8001",
        },
        files: workerFiles,
        // An erasure that somebody's end left unfinished takes the files too.
        volumes: { "/app/uploads": args.uploads.volumeName },
        // Titles and summaries are asked of the runtime: outside, it is reached as the API reaches it.
        networks: hosts.length > 0 ? [networks.edge, networks.data] : [networks.data],
        hosts,
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

type Secrets = Readonly<Record<string, pulumi.Output<string>>>;

/** What each role reads, and nothing else: content by file name. */
function secretsByRole({ database, cache, secrets, llmApiKey, settings }: AppArgs): {
  apiSecrets: Secrets;
  workerSecrets: Secrets;
} {
  const chosen: Secrets = Object.fromEntries(
    Object.entries(settings.secrets).map(([name, value]) => [name.toLowerCase(), value]),
  );
  const { llm_runtimes: table } = chosen;
  // The worker asks the runtimes that the API asks.
  const key: Secrets = llmApiKey === null ? {} : { openai_api_key: llmApiKey };
  const runtime: Secrets = table === undefined ? key : { llm_runtimes: table };
  return {
    apiSecrets: {
      database_url: database.url,
      redis_url: cache.url,
      session_secret: secrets.session,
      encryption_key: secrets.encryption,
      ...runtime,
      ...chosen,
    },
    // The migrations are given the same files, and told of the first alone.
    workerSecrets: { database_url: database.url, encryption_key: secrets.encryption, ...runtime },
  };
}

function roleFiles(name: string, role: string, files: Secrets, args: AppArgs, parent: pulumi.Resource): RoleFiles {
  const { engine, fillerImage: image, secrets } = args;
  return new RoleFiles(name, { engine, role, uid: api.uid, image, files, fingerprintKey: secrets.fingerprint }, { parent });
}

/** The setting that names each file: `database_url` is read by way of DATABASE_URL_FILE. */
function fileSettings(files: Secrets): Record<string, string> {
  return Object.fromEntries(Object.keys(files).map((file) => [`${file.toUpperCase()}_FILE`, `/run/fidus/${file}`]));
}

function common({ environment, version, settings }: AppArgs): Record<string, string> {
  return { ...settings.common, ENVIRONMENT: environment, FIDUS_VERSION: version };
}

function apiEnvironment(args: AppArgs): Record<string, string> {
  const { model, settings, publicUrl, replicas } = args;
  return {
    ...common(args),
    ...settings.api,
    ...llmEnvironment(args),
    API_REPLICAS: String(replicas),
    // Only the proxy reaches the API, from the stack's own networks: it says who asked.
    FORWARDED_ALLOW_IPS: "uniquelocal",
    PORT: String(api.port),
    PUBLIC_URL: publicUrl,
    ...(settings.table ? {} : demoOf(model)),
  };
}

function demoOf({ demo, nextStep }: AppArgs["model"]): Record<string, string> {
  return { LLM_DEMO: String(demo), ...(nextStep === null ? {} : { LLM_NEXT_STEP: nextStep }) };
}

/** Who answers: the same for the API and the worker. */
function llmEnvironment({ model, llm, settings }: AppArgs): Record<string, string> {
  const one = { LLM_RUNTIME: llm.runtime, OPENAI_API_BASE_URL: llm.baseUrl };
  return { LLM_MODEL: model.name, ...(settings.table ? {} : one) };
}
