import { SpanKind, SpanStatusCode, trace, ROOT_CONTEXT, type Span } from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BasicTracerProvider, BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { ApiConfig } from "../config.ts";
import type { AnswerTrace } from "./telemetry.ts";

/** Spans that may wait to be sent; more are dropped. */
const queue = { maxQueueSize: 2_048, maxExportBatchSize: 256, scheduledDelayMillis: 1_000, exportTimeoutMillis: 5_000 };

/** Spans of answers for an OpenTelemetry collector, and for Langfuse by its OTLP endpoint. */
export function createTraces({ telemetry, version, environment }: Pick<ApiConfig, "telemetry" | "version" | "environment">): {
  readonly answered: (trace: AnswerTrace) => void;
  readonly close: () => Promise<void>;
} {
  const { otlpEndpoint, langfuse } = telemetry;
  const targets = [
    ...(otlpEndpoint === null ? [] : [{ url: `${otlpEndpoint}/v1/traces` }]),
    ...(langfuse === null ? [] : [langfuseTarget(langfuse)]),
  ];
  const provider = new BasicTracerProvider({
    resource: resourceFromAttributes({
      "service.name": "fidus-api",
      "service.version": version,
      "deployment.environment.name": environment,
    }),
    spanProcessors: targets.map((target) => new BatchSpanProcessor(new OTLPTraceExporter(target), queue)),
  });
  const tracer = provider.getTracer("fidus");
  return {
    answered: (answer) => {
      const root = tracer.startSpan(
        answer.endpoint,
        { kind: SpanKind.SERVER, startTime: answer.started, attributes: attributesOf(answer) },
        ROOT_CONTEXT,
      );
      const within = trace.setSpan(ROOT_CONTEXT, root);
      const part = (name: string, kind: SpanKind, from: number, attributes: Record<string, string>): Span =>
        tracer.startSpan(name, { kind, startTime: from, attributes }, within);
      part("budget", SpanKind.INTERNAL, answer.started, {}).end(answer.admitted);
      for (const [index, { candidate, at }] of answer.attempts.entries()) {
        const next = answer.attempts[index + 1];
        const { runtime, model } = candidate;
        const span = part("upstream", SpanKind.CLIENT, at, { "fidus.runtime": runtime, "gen_ai.response.model": model });
        if (next !== undefined || answer.firstByte === null) span.setStatus({ code: SpanStatusCode.ERROR });
        else span.addEvent("first byte", answer.firstByte);
        span.end(next?.at ?? answer.ended);
      }
      if (answer.outcome === "failed") root.setStatus({ code: SpanStatusCode.ERROR });
      root.end(answer.ended);
    },
    close: () => provider.shutdown(),
  };
}

function langfuseTarget({ baseUrl, publicKey, secretKey }: NonNullable<ApiConfig["telemetry"]["langfuse"]>): {
  url: string;
  headers: Record<string, string>;
} {
  const authorization = `Basic ${Buffer.from(`${publicKey}:${secretKey}`).toString("base64")}`;
  return { url: `${baseUrl}/api/public/otel/v1/traces`, headers: { authorization } };
}

/** Names of OpenTelemetry's conventions for generative AI; Langfuse reads the same. */
function attributesOf({
  requestId,
  endpoint,
  model,
  outcome,
  usage,
  attempts,
}: AnswerTrace): Record<string, string | number | boolean> {
  return {
    "fidus.request_id": requestId,
    "fidus.outcome": outcome,
    "gen_ai.operation.name": endpoint,
    "gen_ai.request.model": model,
    "gen_ai.response.model": attempts.at(-1)?.candidate.model ?? model,
    "gen_ai.usage.input_tokens": usage.prompt,
    "gen_ai.usage.output_tokens": usage.completion,
    "fidus.usage_estimated": usage.estimated,
    "langfuse.observation.type": "generation",
  };
}
