import * as pulumi from "@pulumi/pulumi";
import type { StackConfig } from "../config/read.ts";

/** The keys that become settings of the application. */
type SettingsConfig = Pick<
  StackConfig<"community">,
  | "llmRuntimes"
  | "llmKeys"
  | "llmPrices"
  | "llmBudget"
  | "llmBudgetAlert"
  | "llmMaxOutputTokens"
  | "llmContextTokens"
  | "rateLimitPerCaller"
  | "rateLimitPerAddress"
  | "tokenLimitPerCaller"
  | "embeddingModel"
  | "retentionDays"
  | "cloudRedaction"
  | "responseCache"
  | "responseCacheSeconds"
  | "authProvider"
  | "oidcIssuer"
  | "oidcClientId"
  | "oidcClientSecret"
  | "oidcRolesClaim"
  | "oidcAdminRole"
  | "corsOrigins"
  | "logLevel"
  | "otlpEndpoint"
  | "sentryDsn"
  | "langfuseUrl"
  | "langfusePublicKey"
  | "langfuseSecretKey"
>;

type Plain = Readonly<Record<string, string>>;

/** What the operator chose for the application, as its environment says it; absent keys leave no variable. */
export interface AppSettings {
  /** Of every role. */
  readonly common: Plain;
  readonly api: Plain;
  readonly worker: Plain;
  /** Of the embedded runtime. */
  readonly llm: Plain;
  /** Of the api role, to be handed over in files: content by the variable's name. */
  readonly secrets: Readonly<Record<string, pulumi.Output<string>>>;
  /** True: a table of runtimes stands in place of the one runtime. */
  readonly table: boolean;
}

/** Variables that the program sets or leaves alone whatever the keys say, each with the reason. */
export const fixedSettings = {
  PORT: "each role's own, known to the proxy and the health checks",
  LISTEN_ADDRESS: "every address of the container; its networks decide who reaches it",
  METRICS_PORT: "9464, inside the networks",
  DATABASE_URL: "made from the generated password",
  REDIS_URL: "made from the generated password",
  LLM_RUNTIME: "llmRuntime",
  OPENAI_API_BASE_URL: "llmBaseUrl, or where llmRuntime answers",
  OPENAI_API_KEY: "llmApiKey, or the generated key of LiteLLM",
  OLLAMA_BASE_URL: "OPENAI_API_BASE_URL says the same",
  LLM_MODEL: "model",
  LLM_DEMO: "whether model is a demo",
  LLM_NEXT_STEP: "the command that leaves the demo",
  LLM_THREADS: "llmThreads",
  LLM_IDLE_UNLOAD_SECONDS: "llmIdleSeconds",
  LLM_MODEL_FILE: "where the model's volume is mounted",
  API_REPLICAS: "apiReplicas",
  LLM_CACHE_MAX_BYTES: "1 MiB: larger answers are rarely asked for twice",
  SESSION_SECRET: "generated",
  ENCRYPTION_KEY: "generated",
  UPLOADS_FOLDER: "/app/uploads, where the volume of uploads is mounted",
  PUBLIC_URL: "from domain and ports",
  FORWARDED_ALLOW_IPS: "the stack's own networks, where the proxy is",
  ENVIRONMENT: "environment",
  SHUTDOWN_GRACE_SECONDS: "25, within the 30 that a container gets to stop",
  LEAVING_FILE: "one per replica, on a volume that the proxy reads",
  FIDUS_VERSION: "this version",
  FIDUS_WEB_ROOT: "the image's page; the proxy asks the web role for it",
} as const;

/** The settings that keys decide. */
export function appSettings(cfg: SettingsConfig): AppSettings {
  const context = { LLM_CONTEXT_TOKENS: cfg.llmContextTokens?.toString() ?? null };
  // Of whoever asks a model: the API, and the worker on people's behalf.
  const asking = {
    LLM_PRICES: cfg.llmPrices,
    LLM_BUDGET_USD: cfg.llmBudget === null ? null : amount(cfg.llmBudget),
    LLM_BUDGET_ALERT_USD: amount(cfg.llmBudgetAlert),
    LLM_MAX_OUTPUT_TOKENS: cfg.llmMaxOutputTokens,
    ...context,
    CLOUD_REDACTION: cfg.cloudRedaction,
    EMBEDDING_MODEL: cfg.embeddingModel,
  };
  return {
    common: { LOG_LEVEL: cfg.logLevel },
    api: present({
      ...asking,
      RATE_LIMIT_PER_CALLER: cfg.rateLimitPerCaller,
      RATE_LIMIT_PER_ADDRESS: cfg.rateLimitPerAddress,
      TOKEN_LIMIT_PER_CALLER: cfg.tokenLimitPerCaller,
      LLM_CACHE: cfg.responseCache,
      LLM_CACHE_TTL_SECONDS: String(cfg.responseCacheSeconds),
      ...signIn(cfg),
      CORS_ALLOW_ORIGIN: cfg.corsOrigins?.join(";") ?? null,
      OTEL_EXPORTER_OTLP_ENDPOINT: cfg.otlpEndpoint,
      LANGFUSE_BASE_URL: cfg.langfuseUrl,
      LANGFUSE_PUBLIC_KEY: cfg.langfusePublicKey,
    }),
    worker: present({ ...asking, RETENTION_DAYS: cfg.retentionDays }),
    llm: present(context),
    secrets: present({
      LLM_RUNTIMES: cfg.llmRuntimes === null ? null : withKeys(cfg.llmRuntimes, cfg.llmKeys),
      [cfg.authProvider === "auth0" ? "AUTH0_CLIENT_SECRET" : "OIDC_CLIENT_SECRET"]: cfg.oidcClientSecret,
      SENTRY_DSN: cfg.sentryDsn,
      LANGFUSE_SECRET_KEY: cfg.langfuseSecretKey,
    }),
    table: cfg.llmRuntimes !== null,
  };
}

/** One set of keys for every provider; the application knows Auth0 by its domain. */
function signIn(cfg: SettingsConfig): Readonly<Record<string, string | null>> {
  const { authProvider, oidcIssuer, oidcClientId, oidcRolesClaim, oidcAdminRole } = cfg;
  const who =
    authProvider === "auth0"
      ? { AUTH0_DOMAIN: oidcIssuer === null ? null : new URL(oidcIssuer).hostname, AUTH0_CLIENT_ID: oidcClientId }
      : { OIDC_ISSUER: oidcIssuer, OIDC_CLIENT_ID: oidcClientId };
  return { AUTH_PROVIDER: authProvider, ...who, OIDC_ROLES_CLAIM: oidcRolesClaim, OIDC_ADMIN_ROLE: oidcAdminRole };
}

/** "50 USD" as the application writes it: "50". */
function amount(text: string): string {
  return text.replace(" USD", "");
}

interface RuntimeTable {
  readonly runtimes?: Readonly<Record<string, object>>;
}

/** The table with each runtime's key in it: secret as a whole. */
function withKeys(table: RuntimeTable, keys: pulumi.Output<Readonly<Record<string, string>>> | null): pulumi.Output<string> {
  return pulumi.secret(keys ?? {}).apply((known) => {
    const entries = Object.entries(table.runtimes ?? {}).map(([name, runtime]) => [
      name,
      Object.hasOwn(known, name) ? { ...runtime, apiKey: known[name] } : runtime,
    ]);
    return JSON.stringify({ ...table, runtimes: Object.fromEntries(entries) });
  });
}

function present<T>(variables: Readonly<Record<string, T | null>>): Record<string, T> {
  return Object.fromEntries(Object.entries(variables).filter((entry): entry is [string, T] => entry[1] !== null));
}
