import type { SettingName, Values } from "../settings.ts";

/** Who outside is told what happens; null: nobody. Never what people say. */
export interface TelemetryConfig {
  /** Base of an OTLP/HTTP collector, without /v1/traces. @default null */
  readonly otlpEndpoint: string | null;
  /** @default null */
  readonly langfuse: { readonly baseUrl: string; readonly publicKey: string; readonly secretKey: string } | null;
  /** @default null */
  readonly sentryDsn: string | null;
}

/** Settings that Langfuse cannot do without. */
export function langfuseNeeds({ LANGFUSE_BASE_URL: baseUrl }: Values): SettingName[] {
  return baseUrl === undefined ? [] : ["LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"];
}

export function telemetryConfig(values: Values): TelemetryConfig {
  const { LANGFUSE_BASE_URL: baseUrl, LANGFUSE_PUBLIC_KEY: publicKey = "", LANGFUSE_SECRET_KEY: secretKey = "" } = values;
  return {
    otlpEndpoint: values.OTEL_EXPORTER_OTLP_ENDPOINT ?? null,
    langfuse: baseUrl === undefined ? null : { baseUrl, publicKey, secretKey },
    sentryDsn: values.SENTRY_DSN ?? null,
  };
}
