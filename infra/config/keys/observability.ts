import type { KeySpec } from "../spec.ts";

/** What is told of the application, and to whom. Nothing leaves unless a key here names where to. */
export const observabilityKeys = {
  logLevel: {
    type: "choice",
    allowed: ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
    default: "info",
    editions: ["community"],
    effect: "restart",
    about: "Least weight of a log line.",
  },
  otlpEndpoint: {
    type: "url",
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "http://host.docker.internal:4318",
    about: "OpenTelemetry collector (OTLP over HTTP) that gets traces, without content; absent: none are made.",
  },
  sentryDsn: {
    type: "string",
    secret: true,
    form: { pattern: /^https?:\/\/[^@/\s]+@[^@/\s]+\/\S+$/, rule: "a DSN as Sentry shows it" },
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "Sentry project that gets errors, without content; absent: none are sent.",
  },
  langfuseUrl: {
    type: "url",
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "https://langfuse.fidus.test",
    about: "Langfuse that gets each answer's model, times, tokens and cost, without content; absent: none.",
  },
  langfusePublicKey: {
    type: "string",
    default: null,
    editions: ["community"],
    effect: "restart",
    example: "pk-lf-…",
    about: "Public key of the Langfuse project.",
  },
  langfuseSecretKey: {
    type: "string",
    secret: true,
    default: null,
    editions: ["community"],
    effect: "restart",
    about: "Secret key of the Langfuse project.",
  },
} as const satisfies Record<string, KeySpec>;
