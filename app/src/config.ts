import { readEnv, type Env, type Reading } from "./env.ts";
import { defaultContextTokens, llmConfig, type LlmConfig } from "./llm/config.ts";
import { throwIfAny, type Problem } from "./problems.ts";
import { settings, type SettingName } from "./settings.ts";

/** What every role knows. */
export interface CommonConfig {
  /** Port of the HTTP face; 0 picks a free one. */
  readonly port: number;
  /** Port of /metrics, never published; 0 picks a free one. */
  readonly metricsPort: number;
  /** Address that both ports are opened on; null: every one. */
  readonly listenAddress: string | null;
  readonly logLevel: string;
  readonly environment: "development" | "staging" | "production";
  readonly version: string;
  /** Seconds that open streams get after SIGTERM. */
  readonly shutdownGraceSeconds: number;
  /** What the operator should know about old setting names. */
  readonly notices: readonly string[];
}

export interface ApiConfig extends CommonConfig {
  readonly databaseUrl: string;
  /** Null: no Redis; cancel then works on the replica that generates. */
  readonly redisUrl: string | null;
  readonly sessionSecret: string;
  readonly publicUrl: URL;
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly llm: LlmConfig;
  /** Folder of the built page: given, the api role serves it too (single-service form). */
  readonly webRoot: string | null;
}

export interface WebConfig extends CommonConfig {
  readonly publicUrl: URL;
  readonly webRoot: string | null;
}

export interface WorkerConfig extends CommonConfig {
  readonly databaseUrl: string;
}

export interface LlmRoleConfig extends CommonConfig {
  readonly modelFile: string;
  /** Name under which the model is offered; null: any name is accepted. */
  readonly model: string | null;
  readonly threads: number;
  readonly contextTokens: number;
  readonly idleUnloadSeconds: number;
}

const defaults = { publicUrl: "http://localhost:3000" } as const;

/** Configuration of the api role. @throws InvalidInputError with every problem at once. */
export function readApiConfig(env: Env): ApiConfig {
  const reading = readEnv(env);
  const { values } = reading;
  const llm = llmConfig(values);
  check(reading, ["DATABASE_URL", "SESSION_SECRET"], llm.problems);
  return Object.freeze({
    ...common(reading, 8000),
    databaseUrl: values.DATABASE_URL ?? "",
    redisUrl: values.REDIS_URL ?? null,
    sessionSecret: values.SESSION_SECRET ?? "",
    publicUrl: new URL(values.PUBLIC_URL ?? defaults.publicUrl),
    corsOrigins: values.CORS_ALLOW_ORIGIN ?? [],
    trustedProxies: values.FORWARDED_ALLOW_IPS ?? [],
    llm: llm.config,
    webRoot: values.FIDUS_WEB_ROOT ?? null,
  });
}

/** Configuration of the web role. @throws InvalidInputError */
export function readWebConfig(env: Env): WebConfig {
  const reading = readEnv(env);
  check(reading, []);
  return Object.freeze({
    ...common(reading, 3000),
    publicUrl: new URL(reading.values.PUBLIC_URL ?? defaults.publicUrl),
    webRoot: reading.values.FIDUS_WEB_ROOT ?? null,
  });
}

/** Configuration of the worker role. @throws InvalidInputError */
export function readWorkerConfig(env: Env): WorkerConfig {
  const reading = readEnv(env);
  check(reading, ["DATABASE_URL"]);
  return Object.freeze({ ...common(reading, 8001), databaseUrl: reading.values.DATABASE_URL ?? "" });
}

/** Configuration of the llm role. @throws InvalidInputError */
export function readLlmRoleConfig(env: Env): LlmRoleConfig {
  const reading = readEnv(env);
  const { values } = reading;
  check(reading, []);
  return Object.freeze({
    ...common(reading, 8080),
    modelFile: values.LLM_MODEL_FILE ?? "/models/model.gguf",
    model: values.LLM_MODEL ?? null,
    threads: values.LLM_THREADS ?? 1,
    contextTokens: values.LLM_CONTEXT_TOKENS ?? defaultContextTokens,
    idleUnloadSeconds: values.LLM_IDLE_UNLOAD_SECONDS ?? 300,
  });
}

/** The database address alone, for the one-shot commands. @throws InvalidInputError */
export function readDatabaseUrl(env: Env): string {
  const reading = readEnv(env);
  check(reading, ["DATABASE_URL"]);
  return reading.values.DATABASE_URL ?? "";
}

function common({ values, notices }: Reading, defaultPort: number): CommonConfig {
  return {
    port: values.PORT ?? defaultPort,
    metricsPort: values.METRICS_PORT ?? 9464,
    listenAddress: values.LISTEN_ADDRESS ?? null,
    logLevel: values.LOG_LEVEL ?? "info",
    environment: values.ENVIRONMENT ?? "production",
    version: values.FIDUS_VERSION ?? "0.0.0-development",
    shutdownGraceSeconds: values.SHUTDOWN_GRACE_SECONDS ?? 25,
    notices,
  };
}

function check(reading: Reading, required: readonly SettingName[], more: readonly Problem[] = []): void {
  const named = new Set(reading.problems.map(({ path }) => path.replace(/_FILE$/, "")));
  const missing = required
    .filter((name) => reading.values[name] === undefined && !named.has(name))
    .map((name) => ({ path: name, got: undefined, rule: settings[name].rule, fix: settings[name].fix }));
  throwIfAny([...reading.problems, ...missing, ...more]);
}
