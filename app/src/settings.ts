import { z } from "zod";
import {
  apiKey,
  boolean,
  count,
  countOrNone,
  httpUrl,
  issuer,
  json,
  key32,
  keyRing,
  origin,
  origins,
  prices,
  proxies,
  redisUrl,
  urlWith,
  usdOrNone,
} from "./setting-forms.ts";

/** The LLM runtimes the gateway can stand before. */
export const llmRuntimes = [
  "embedded",
  "ollama",
  "ollama-native",
  "lmstudio",
  "vllm",
  "openai",
  "anthropic",
  "gemini",
  "compatible",
  "litellm",
] as const;
export type LlmRuntime = (typeof llmRuntimes)[number];

/** What is taken out of requests to cloud runtimes: personal data and requests with pictures or files; only the former; nothing. */
const redactionModes = ["on", "text", "off"] as const;
export type RedactionMode = (typeof redactionModes)[number];

/** Whose answers the response cache may show to whom: nobody's; a person's own; any of the tenant's to all of the tenant. */
const cacheModes = ["off", "caller", "tenant"] as const;
export type CacheMode = (typeof cacheModes)[number];

/** Who proves who people are, besides local accounts with a password. */
export const authProviders = ["local", "auth0", "keycloak", "oidc", "mock"] as const;
export type AuthProvider = (typeof authProviders)[number];

const mostCounted = 1_000_000_000;

interface Setting {
  readonly schema: z.ZodType;
  /** What a valid value is, as it reads after "needs". */
  readonly rule: string;
  /** An example the operator can paste. */
  readonly fix: string;
  /** A secret may also come from `<NAME>_FILE`, and its value never appears in a message. */
  readonly secret?: true;
}

/** Every environment variable the app reads. Drives the reader, its messages and docs/configuration.md. */
export const settings = {
  PORT: { ...count("a port", 0, 65_535), fix: "Set PORT=8000." },
  LISTEN_ADDRESS: {
    schema: z.union([z.ipv4(), z.ipv6()]),
    rule: "an IP address of this machine",
    fix: "Set LISTEN_ADDRESS=127.0.0.1.",
  },
  METRICS_PORT: { ...count("a port", 0, 65_535), fix: "Set METRICS_PORT=9464." },
  DATABASE_URL: {
    schema: urlWith("postgres:", "postgresql:"),
    rule: "a postgres:// URL",
    fix: "Set DATABASE_URL=postgres://fidus:…@postgres:5432/fidus or DATABASE_URL_FILE.",
    secret: true,
  },
  REDIS_URL: {
    schema: redisUrl,
    rule: "a redis:// or rediss:// URL, or redis-sentinel://:…@host:26379,host:26379/0#group; a database is a number, signs in a password are percent-encoded",
    fix: "Set REDIS_URL=redis://:…@redis:6379 or REDIS_URL_FILE.",
    secret: true,
  },
  LLM_RUNTIME: { schema: z.enum(llmRuntimes), rule: `one of ${llmRuntimes.join(", ")}`, fix: "Set LLM_RUNTIME=embedded." },
  LLM_RUNTIMES: {
    schema: json,
    rule: "a JSON object of runtimes and models",
    fix: "Set LLM_RUNTIMES_FILE to a file as docs/llm-runtimes.md shows.",
    secret: true,
  },
  OPENAI_API_BASE_URL: { schema: httpUrl, rule: "an http(s) URL", fix: "Set OPENAI_API_BASE_URL=http://llm:8080/v1." },
  OPENAI_API_KEY: {
    schema: apiKey,
    rule: "a real key, no placeholder",
    fix: "Set OPENAI_API_KEY_FILE to a file that holds the key.",
    secret: true,
  },
  OLLAMA_BASE_URL: { schema: httpUrl, rule: "an http(s) URL", fix: "Set OLLAMA_BASE_URL=http://ollama:11434." },
  LLM_MODEL: { schema: z.string().min(1).max(200), rule: "a model name", fix: "Set LLM_MODEL=smollm2-135m." },
  LLM_DEMO: { schema: boolean, rule: "true or false", fix: "Set LLM_DEMO=false." },
  LLM_NEXT_STEP: { schema: z.string().min(1).max(500), rule: "a command", fix: "Set LLM_NEXT_STEP='./fidus choose'." },
  LLM_THREADS: { ...count("a whole number", 1, 256), fix: "Set LLM_THREADS=1." },
  LLM_CONTEXT_TOKENS: {
    ...count("a whole number", 256, 1_048_576),
    fix: "Set LLM_CONTEXT_TOKENS=4096.",
  },
  LLM_MODEL_FILE: { schema: z.string().startsWith("/"), rule: "an absolute path", fix: "Set LLM_MODEL_FILE=/models/model.gguf." },
  LLM_PRICES: {
    schema: prices,
    rule: "model=INPUT/OUTPUT in USD per million tokens, split by semicolons, each model once, three decimals at most",
    fix: "Set LLM_PRICES='gpt-4o-mini=0.15/0.60;gpt-4o=2.50/10'.",
  },
  LLM_BUDGET_USD: {
    schema: usdOrNone,
    rule: "USD that a tenant may spend in 30 days, or none",
    fix: "Set LLM_BUDGET_USD=100.",
  },
  LLM_BUDGET_ALERT_USD: {
    schema: usdOrNone,
    rule: "USD in 30 days from which on to warn, or none",
    fix: "Set LLM_BUDGET_ALERT_USD=20.",
  },
  LLM_MAX_OUTPUT_TOKENS: {
    ...countOrNone("a whole number", 1, mostCounted),
    fix: "Set LLM_MAX_OUTPUT_TOKENS=4096.",
  },
  CLOUD_REDACTION: {
    schema: z.enum(redactionModes),
    rule: `one of ${redactionModes.join(", ")}`,
    fix: "Set CLOUD_REDACTION=on.",
  },
  LLM_CACHE: { schema: z.enum(cacheModes), rule: `one of ${cacheModes.join(", ")}`, fix: "Set LLM_CACHE=off." },
  LLM_CACHE_TTL_SECONDS: {
    ...count("whole seconds", 1, 2_592_000),
    fix: "Set LLM_CACHE_TTL_SECONDS=3600.",
  },
  LLM_CACHE_MAX_BYTES: {
    ...count("bytes of an answer", 1_024, 67_108_864),
    fix: "Set LLM_CACHE_MAX_BYTES=1048576.",
  },
  RATE_LIMIT_PER_CALLER: {
    ...countOrNone("requests per minute of one key or person,", 1, mostCounted),
    fix: "Set RATE_LIMIT_PER_CALLER=6000.",
  },
  RATE_LIMIT_PER_ADDRESS: {
    ...countOrNone("requests per minute from one address,", 1, mostCounted),
    fix: "Set RATE_LIMIT_PER_ADDRESS=12000.",
  },
  TOKEN_LIMIT_PER_CALLER: {
    ...countOrNone("tokens per minute of one key or person,", 1, mostCounted),
    fix: "Set TOKEN_LIMIT_PER_CALLER=10000000.",
  },
  API_REPLICAS: { ...count("a whole number", 1, 1_000), fix: "Set API_REPLICAS=1." },
  LLM_IDLE_UNLOAD_SECONDS: {
    ...count("whole seconds", 1, 86_400),
    fix: "Set LLM_IDLE_UNLOAD_SECONDS=300.",
  },
  SESSION_SECRET: {
    schema: key32,
    rule: "32 or more random characters, no placeholder",
    fix: "Set SESSION_SECRET_FILE to a file written by: openssl rand -base64 32",
    secret: true,
  },
  ENCRYPTION_KEY: {
    schema: keyRing,
    rule: "one key or several that differ, newest first, split by spaces or lines (not commas), each 32 or more random characters, no placeholder",
    fix: "Set ENCRYPTION_KEY_FILE to a file written by: openssl rand -base64 32",
    secret: true,
  },
  EMBEDDING_MODEL: {
    schema: z.string().regex(/^[A-Za-z0-9][\w.:/@+-]{0,199}$/),
    rule: "a model that serves /v1/embeddings: letters, digits and . _ : / @ + -",
    fix: "Set EMBEDDING_MODEL=nomic-embed-text.",
  },
  UPLOADS_FOLDER: { schema: z.string().startsWith("/"), rule: "an absolute path", fix: "Set UPLOADS_FOLDER=/app/uploads." },
  RETENTION_DAYS: {
    ...countOrNone("days that a conversation is kept after its last message,", 1, 36_500),
    fix: "Set RETENTION_DAYS=365.",
  },
  AUTH_PROVIDER: {
    schema: z.enum(authProviders),
    rule: `one of ${authProviders.join(", ")}`,
    fix: "Set AUTH_PROVIDER=local.",
  },
  AUTH0_DOMAIN: { schema: z.hostname(), rule: "the tenant's host name", fix: "Set AUTH0_DOMAIN=fidus.eu.auth0.com." },
  AUTH0_CLIENT_ID: { schema: z.string().min(1).max(200), rule: "the application's client id", fix: "Copy it from Auth0." },
  AUTH0_CLIENT_SECRET: {
    schema: apiKey,
    rule: "the application's client secret, no placeholder",
    fix: "Set AUTH0_CLIENT_SECRET_FILE to a file that holds it.",
    secret: true,
  },
  OIDC_ISSUER: {
    schema: issuer,
    rule: "the provider's https:// URL (http:// on this machine only)",
    fix: "Set OIDC_ISSUER=https://id.example.com/realms/fidus.",
  },
  OIDC_CLIENT_ID: {
    schema: z.string().min(1).max(200),
    rule: "the client id given by the provider",
    fix: "Set OIDC_CLIENT_ID=fidus.",
  },
  OIDC_CLIENT_SECRET: {
    schema: apiKey,
    rule: "the client secret given by the provider, no placeholder",
    fix: "Set OIDC_CLIENT_SECRET_FILE to a file that holds it.",
    secret: true,
  },
  OIDC_ROLES_CLAIM: {
    schema: z.string().min(1).max(200),
    rule: "the name or path of the claim that lists roles",
    fix: "Set OIDC_ROLES_CLAIM=realm_access.roles.",
  },
  OIDC_ADMIN_ROLE: {
    schema: z.string().min(1).max(200),
    rule: "the role at the provider that makes an administrator",
    fix: "Set OIDC_ADMIN_ROLE=fidus-admin.",
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: httpUrl,
    rule: "an http(s) URL, without /v1/traces",
    fix: "Set OTEL_EXPORTER_OTLP_ENDPOINT=http://collector:4318.",
  },
  SENTRY_DSN: {
    schema: z.string().regex(/^https?:\/\/[^@/\s]+@[^@/\s]+\/\S+$/),
    rule: "a DSN as Sentry shows it",
    fix: "Set SENTRY_DSN_FILE to a file that holds it.",
    secret: true,
  },
  LANGFUSE_BASE_URL: { schema: httpUrl, rule: "an http(s) URL", fix: "Set LANGFUSE_BASE_URL=https://langfuse.example." },
  LANGFUSE_PUBLIC_KEY: { schema: z.string().min(1).max(200), rule: "a project's public key", fix: "Copy it from Langfuse." },
  LANGFUSE_SECRET_KEY: {
    schema: apiKey,
    rule: "a project's secret key, no placeholder",
    fix: "Set LANGFUSE_SECRET_KEY_FILE to a file that holds it.",
    secret: true,
  },
  PUBLIC_URL: {
    schema: origin,
    rule: "an http(s) origin: scheme, host and port, no path",
    fix: "Set PUBLIC_URL=http://localhost:3000.",
  },
  CORS_ALLOW_ORIGIN: {
    schema: origins,
    rule: "origins (scheme, host, port; no path) split by semicolons",
    fix: "Set CORS_ALLOW_ORIGIN='https://a.example;https://b.example'.",
  },
  FORWARDED_ALLOW_IPS: {
    schema: proxies,
    rule: "IP addresses, networks (10.0.0.0/8: a prefix from 1) or the words loopback, linklocal, uniquelocal, split by commas",
    fix: "Set FORWARDED_ALLOW_IPS=172.16.0.0/12.",
  },
  LOG_LEVEL: {
    schema: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    rule: "one of fatal, error, warn, info, debug, trace, silent",
    fix: "Set LOG_LEVEL=info.",
  },
  ENVIRONMENT: {
    schema: z.enum(["development", "staging", "production"]),
    rule: "one of development, staging, production",
    fix: "Set ENVIRONMENT=production.",
  },
  SHUTDOWN_GRACE_SECONDS: {
    ...count("whole seconds", 0, 3600),
    fix: "Set SHUTDOWN_GRACE_SECONDS=25.",
  },
  LEAVING_FILE: { schema: z.string().startsWith("/"), rule: "an absolute path", fix: "Set LEAVING_FILE=/run/leaving/1." },
  FIDUS_VERSION: { schema: z.string().min(1).max(100), rule: "a version", fix: "Set FIDUS_VERSION=0.1.0." },
  FIDUS_WEB_ROOT: { schema: z.string().startsWith("/"), rule: "an absolute path", fix: "Set FIDUS_WEB_ROOT=/app/web." },
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
/** Parsed values; a variable that is not set is absent. */
export type Values = { readonly [K in SettingName]?: z.output<(typeof settings)[K]["schema"]> };

/** Old names that still work, each with the notice the operator reads. */
export const oldNames = {
  OPENAI_API_BASE: "OPENAI_API_BASE_URL",
  OPENAI_MODEL_NAME: "LLM_MODEL",
  LLM_PROVIDER: "LLM_RUNTIME",
} as const satisfies Record<string, SettingName>;
