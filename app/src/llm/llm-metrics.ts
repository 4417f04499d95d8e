import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import { breakerStates } from "./breaker.ts";
import type { Runtime } from "./runtime.ts";
import type { Endpoint, ExchangeOutcome, Usage } from "./usage.ts";

/** What became of one request to a runtime. */
export type AttemptResult = "answered" | "refused" | "error" | "timeout" | "unreachable" | "no_place" | "broke_off";

/** One answer as metrics see it. Milliseconds. */
export interface Measured {
  /** Name of the runtime in the configuration; null: nobody was reached. */
  readonly runtime: string | null;
  readonly endpoint: Endpoint;
  readonly outcome: ExchangeOutcome;
  readonly totalMs: number;
  readonly firstByteMs: number | null;
  readonly usage: Usage;
}

/** Metrics of the gateway. Labels are bounded: runtimes are named in the configuration, the rest is closed sets. */
export class LlmMetrics {
  readonly #registry: Registry;
  readonly #attempts: Counter<"runtime" | "result">;
  readonly #fallbacks: Counter<"runtime">;
  readonly #duration: Histogram<"runtime" | "endpoint" | "outcome">;
  readonly #firstToken: Histogram<"runtime" | "endpoint">;
  readonly #tokens: Counter<"runtime" | "direction" | "estimated">;
  readonly #speed: Histogram<"runtime">;
  readonly #cost: Counter<"runtime">;
  readonly #truncated: Counter<"runtime">;

  constructor(registry: Registry) {
    const registers = [registry];
    this.#registry = registry;
    this.#attempts = new Counter({
      name: "fidus_llm_attempts_total",
      help: "Requests to a runtime, by what became of them.",
      labelNames: ["runtime", "result"],
      registers,
    });
    this.#fallbacks = new Counter({
      name: "fidus_llm_fallbacks_total",
      help: "Requests that were passed on from this runtime to the next.",
      labelNames: ["runtime"],
      registers,
    });
    this.#duration = new Histogram({
      name: "fidus_llm_answer_duration_seconds",
      help: "Time from question to the end of the answer.",
      labelNames: ["runtime", "endpoint", "outcome"],
      buckets: [0.05, 0.2, 1, 5, 20, 60, 300],
      registers,
    });
    this.#firstToken = new Histogram({
      name: "fidus_llm_time_to_first_token_seconds",
      help: "Time from question to the first byte of the answer, waiting and failed attempts included.",
      labelNames: ["runtime", "endpoint"],
      buckets: [0.02, 0.05, 0.2, 0.5, 1, 2, 5, 15, 60],
      registers,
    });
    this.#tokens = new Counter({
      name: "fidus_llm_tokens_total",
      help: "Tokens of prompts and answers; estimated ones apart.",
      labelNames: ["runtime", "direction", "estimated"],
      registers,
    });
    this.#speed = new Histogram({
      name: "fidus_llm_tokens_per_second",
      help: "Tokens of an answer per second after its first byte.",
      labelNames: ["runtime"],
      buckets: [1, 5, 10, 25, 50, 100, 250, 1_000],
      registers,
    });
    this.#cost = new Counter({
      name: "fidus_llm_cost_usd_total",
      help: "What answers cost, by the configured prices.",
      labelNames: ["runtime"],
      registers,
    });
    this.#truncated = new Counter({
      name: "fidus_llm_truncated_prompts_total",
      help: "Prompts that a runtime seems to have cut to its context.",
      labelNames: ["runtime"],
      registers,
    });
  }

  /** Shows places, queues and breakers of these runtimes at each scrape. */
  watch(runtimes: readonly Runtime[]): void {
    const registers = [this.#registry];
    const gauge = (name: string, help: string, valueOf: (runtime: Runtime) => number): Gauge =>
      new Gauge({
        name,
        help,
        labelNames: ["runtime"],
        registers,
        collect() {
          for (const runtime of runtimes) this.set({ runtime: runtime.config.name }, valueOf(runtime));
        },
      });
    gauge("fidus_llm_in_flight", "Requests a runtime is working on.", ({ gate }) => gate.inside);
    gauge("fidus_llm_waiting", "Requests that wait for a place at a runtime.", ({ gate }) => gate.waiting);
    gauge("fidus_llm_reachable", "1: the last look found the runtime.", ({ state }) => (state.reachable ? 1 : 0));
    gauge("fidus_llm_breaker", "0: closed, 1: half-open, 2: open.", ({ breaker }) => breakerStates.indexOf(breaker.state));
  }

  attempt(runtime: string, result: AttemptResult): void {
    this.#attempts.inc({ runtime, result });
  }

  /** An answer was charged so many nano-USD. */
  charged(runtime: string, amount: number): void {
    this.#cost.inc({ runtime }, amount / 1_000_000_000);
  }

  fellBack(runtime: string): void {
    this.#fallbacks.inc({ runtime });
  }

  truncated(runtime: string): void {
    this.#truncated.inc({ runtime });
  }

  answer({ runtime: name, endpoint, outcome, totalMs, firstByteMs, usage }: Measured): void {
    const runtime = name ?? "none";
    this.#duration.observe({ runtime, endpoint, outcome }, totalMs / 1_000);
    if (firstByteMs === null) return;
    this.#firstToken.observe({ runtime, endpoint }, firstByteMs / 1_000);
    const estimated = String(usage.estimated);
    this.#tokens.inc({ runtime, direction: "prompt", estimated }, usage.prompt);
    this.#tokens.inc({ runtime, direction: "completion", estimated }, usage.completion);
    const seconds = (totalMs - firstByteMs) / 1_000;
    if (usage.completion > 1 && seconds > 0.01) this.#speed.observe({ runtime }, usage.completion / seconds);
  }
}
