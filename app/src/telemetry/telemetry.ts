import type { ApiConfig } from "../config.ts";
import type { Candidate, Endpoint, ExchangeOutcome, Usage } from "../llm/usage.ts";

/** One question and its answer, without what was asked or said. Times are milliseconds since 1970. */
export interface AnswerTrace {
  readonly requestId: string;
  readonly endpoint: Endpoint;
  /** Name the caller used. */
  readonly model: string;
  readonly outcome: ExchangeOutcome;
  readonly usage: Usage;
  readonly started: number;
  /** The budget had admitted it. */
  readonly admitted: number;
  /** Each request to a runtime, in order; the last one answered, if anybody did. */
  readonly attempts: readonly { readonly candidate: Candidate; readonly at: number }[];
  /** Null: nobody answered. */
  readonly firstByte: number | null;
  readonly ended: number;
}

/** What is told to programs outside, where the operator named one. Nothing here waits, throws, or carries content. */
export interface Telemetry {
  readonly answered: (trace: AnswerTrace) => void;
  /** A fault of ours: its kind and place in the code, never its text. */
  readonly fault: (error: unknown, tags: Readonly<Record<string, string>>) => void;
  /** Sends what is left, for two seconds at most. */
  readonly close: () => Promise<void>;
}

/** Nobody is told anything. */
export const noTelemetry: Telemetry = { answered: () => {}, fault: () => {}, close: async () => {} };

/** What the configuration asks for. The clients are loaded only where one is named. */
export async function createTelemetry(config: Pick<ApiConfig, "telemetry" | "version" | "environment">): Promise<Telemetry> {
  const { otlpEndpoint, langfuse, sentryDsn } = config.telemetry;
  const traced = otlpEndpoint !== null || langfuse !== null;
  const traces = traced ? (await import("./traces.ts")).createTraces(config) : null;
  const faults = sentryDsn === null ? null : (await import("./faults.ts")).createFaults(sentryDsn, config);
  if (traces === null && faults === null) return noTelemetry;
  return {
    answered: (trace) => traces?.answered(trace),
    fault: (error, tags) => faults?.fault(error, tags),
    close: async () => {
      const limit = new Promise<void>((resolve) => setTimeout(resolve, 2_000).unref());
      await Promise.race([limit, Promise.allSettled([traces?.close(), faults?.close()])]);
    },
  };
}
