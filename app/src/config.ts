import { authConfig, type AuthConfig } from "./auth/config.ts";
import type { NanoUsd } from "./budget/money.ts";
import type { PriceTable } from "./budget/prices.ts";
import { readEnv, type Env, type Reading } from "./env.ts";
import { defaultContextTokens, llmConfig, type LlmConfig } from "./llm/config.ts";
import { throwIfAny, type Problem } from "./problems.ts";
import { settings, type CacheMode, type SettingName, type Values } from "./settings.ts";
import { langfuseNeeds, telemetryConfig, type TelemetryConfig } from "./telemetry/config.ts";

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

/** What models cost and how much may be spent; M-08 of the requirements. */
export interface BudgetConfig {
  /** The operator's prices by model. */
  readonly prices: PriceTable;
  /** What a tenant may spend in 30 days unless the budgets table says otherwise; null: no limit. @default 50 USD in development, else 100 */
  readonly tenantCap: NanoUsd | null;
  /** From when on to warn; null: never. @default 20 USD */
  readonly tenantAlert: NanoUsd | null;
  /** Longest answer anybody may ask for, in tokens; null: no limit. @default null */
  readonly maxOutputTokens: number | null;
}

/** Answers that are given again to the same request. */
export interface CacheConfig {
  readonly mode: Exclude<CacheMode, "off">;
  /** @default 3600 */
  readonly ttlSeconds: number;
  /** Largest answer that is kept. @default 1 MiB */
  readonly maxBytes: number;
}

/** Per minute; null: no limit. */
export interface LimitConfig {
  /** Requests of one key, or one person on the page. @default 6000 */
  readonly perCaller: number | null;
  /** Requests from one address. @default 12000 */
  readonly perAddress: number | null;
  /** Tokens of questions and answers, of one key or person. @default 10000000 */
  readonly tokensPerCaller: number | null;
  /** API processes that share the work: each allows this share of a limit while Redis is away. @default 1 */
  readonly replicas: number;
}

/** Documents that people upload. */
export interface KnowledgeConfig {
  /** Model that makes embeddings; null: there is no knowledge here. @default null */
  readonly embeddingModel: string | null;
  /** Where files are kept. @default "/app/uploads" */
  readonly uploadsFolder: string;
  /** Program that reads a file in the role `extract`. @default this one */
  readonly readerProgram?: string;
}

export interface ApiConfig extends CommonConfig {
  readonly telemetry: TelemetryConfig;
  readonly auth: AuthConfig;
  readonly limits: LimitConfig;
  readonly budget: BudgetConfig;
  /** Null: nothing is kept. @default null */
  readonly cache: CacheConfig | null;
  readonly databaseUrl: string;
  /** Null: no Redis; cancel then works on the replica that generates. */
  readonly redisUrl: string | null;
  readonly sessionSecret: string;
  /** Secrets of the key ring, newest first. */
  readonly encryptionKeys: readonly string[];
  readonly publicUrl: URL;
  readonly corsOrigins: readonly string[];
  readonly trustedProxies: readonly string[];
  readonly llm: LlmConfig;
  readonly knowledge: KnowledgeConfig;
  /**
   * File whose being there tells the proxy to ask other replicas. Given, and with replicas to go to, SIGTERM makes the file and the
   * port closes once nobody comes any more; null: the port stays open and says 503.
   */
  readonly leavingFile: string | null;
  /** Folder of the built pages; null: those of the image. */
  readonly webRoot: string | null;
}

export interface WebConfig extends CommonConfig {
  readonly publicUrl: URL;
  readonly webRoot: string | null;
}

export interface WorkerConfig extends CommonConfig {
  readonly databaseUrl: string;
  /** Secrets of the key ring, newest first. */
  readonly encryptionKeys: readonly string[];
  readonly budget: BudgetConfig;
  /** Whom titles and summaries are asked of. */
  readonly llm: LlmConfig;
  readonly knowledge: KnowledgeConfig;
  /** Days after its last message that a conversation is kept; null: for ever. @default null */
  readonly retentionDays: number | null;
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
  const auth = authConfig(values);
  const cache = cacheConfig(values);
  const redis = cache === null ? [] : (["REDIS_URL"] as const);
  check(
    reading,
    ["DATABASE_URL", "SESSION_SECRET", "ENCRYPTION_KEY", ...auth.required, ...redis, ...langfuseNeeds(values)],
    [...llm.problems, ...auth.problems],
  );
  return Object.freeze({
    ...common(reading, 8000),
    databaseUrl: values.DATABASE_URL ?? "",
    redisUrl: values.REDIS_URL ?? null,
    sessionSecret: values.SESSION_SECRET ?? "",
    encryptionKeys: values.ENCRYPTION_KEY ?? [],
    publicUrl: new URL(values.PUBLIC_URL ?? defaults.publicUrl),
    corsOrigins: values.CORS_ALLOW_ORIGIN ?? [],
    trustedProxies: values.FORWARDED_ALLOW_IPS ?? [],
    llm: llm.config,
    knowledge: knowledgeConfig(values),
    auth: auth.config,
    budget: budgetConfig(values),
    cache,
    limits: {
      perCaller: orDefault(values.RATE_LIMIT_PER_CALLER, 6_000),
      perAddress: orDefault(values.RATE_LIMIT_PER_ADDRESS, 12_000),
      tokensPerCaller: orDefault(values.TOKEN_LIMIT_PER_CALLER, 10_000_000),
      replicas: values.API_REPLICAS ?? 1,
    },
    telemetry: telemetryConfig(values),
    leavingFile: values.LEAVING_FILE ?? null,
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
  const llm = llmConfig(reading.values);
  check(reading, ["DATABASE_URL", "ENCRYPTION_KEY"], llm.problems);
  return Object.freeze({
    ...common(reading, 8001),
    databaseUrl: reading.values.DATABASE_URL ?? "",
    encryptionKeys: reading.values.ENCRYPTION_KEY ?? [],
    budget: budgetConfig(reading.values),
    llm: llm.config,
    knowledge: knowledgeConfig(reading.values),
    retentionDays: reading.values.RETENTION_DAYS ?? null,
  });
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

/** What the one-shot commands need that open or erase what people keep. */
export interface VaultConfig {
  readonly databaseUrl: string;
  readonly encryptionKeys: readonly string[];
  readonly uploadsFolder: string;
}

/** @throws InvalidInputError */
export function readVaultConfig(env: Env): VaultConfig {
  const reading = readEnv(env);
  check(reading, ["DATABASE_URL", "ENCRYPTION_KEY"]);
  return {
    databaseUrl: reading.values.DATABASE_URL ?? "",
    encryptionKeys: reading.values.ENCRYPTION_KEY ?? [],
    uploadsFolder: knowledgeConfig(reading.values).uploadsFolder,
  };
}

function knowledgeConfig({ EMBEDDING_MODEL, UPLOADS_FOLDER }: Values): KnowledgeConfig {
  return { embeddingModel: EMBEDDING_MODEL ?? null, uploadsFolder: UPLOADS_FOLDER ?? "/app/uploads" };
}

function cacheConfig({ LLM_CACHE: mode = "off", LLM_CACHE_TTL_SECONDS, LLM_CACHE_MAX_BYTES }: Values): CacheConfig | null {
  if (mode === "off") return null;
  return { mode, ttlSeconds: LLM_CACHE_TTL_SECONDS ?? 3_600, maxBytes: LLM_CACHE_MAX_BYTES ?? 1_048_576 };
}

function budgetConfig(values: Values): BudgetConfig {
  const { LLM_PRICES: prices = new Map(), LLM_MAX_OUTPUT_TOKENS: maxOutputTokens = null } = values;
  const usualCap = (values.ENVIRONMENT === "development" ? 50 : 100) * 1_000_000_000;
  return {
    prices,
    tenantCap: orDefault(values.LLM_BUDGET_USD, usualCap),
    tenantAlert: orDefault(values.LLM_BUDGET_ALERT_USD, 20_000_000_000),
    maxOutputTokens,
  };
}

/** Null is the operator's "none"; only what is absent falls back. */
function orDefault<T>(value: T | null | undefined, usual: T): T | null {
  return value === undefined ? usual : value;
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
