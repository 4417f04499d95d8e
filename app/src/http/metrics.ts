import { createServer, type Server } from "node:http";
import type { Request, RequestHandler } from "express";
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** How an answer of the language model ended. */
export type AnswerOutcome = "complete" | "cancelled" | "client_gone" | "failed" | "refused" | "shut_down";

/** The process's metrics. Labels are bounded: route templates, methods, statuses and outcomes, never ids or names. */
export class Metrics {
  readonly registry = new Registry();
  readonly #requests: Histogram<"route" | "method" | "status">;
  readonly #answers: Counter<"outcome">;

  constructor({ openAnswers }: { openAnswers: () => number }) {
    const registers = [this.registry];
    collectDefaultMetrics({ register: this.registry });
    this.#requests = new Histogram({
      name: "fidus_http_request_duration_seconds",
      help: "Time from request to the end of its answer.",
      labelNames: ["route", "method", "status"],
      buckets: [0.005, 0.02, 0.1, 0.5, 2, 10, 60],
      registers,
    });
    this.#answers = new Counter({
      name: "fidus_chat_answers_total",
      help: "Answers on the page, by end; complete: also stored.",
      labelNames: ["outcome"],
      registers,
    });
    new Gauge({
      name: "fidus_llm_open_answers",
      help: "Answers being written now.",
      registers,
      collect() {
        this.set(openAnswers());
      },
    });
  }

  /** Times every request under its route template. */
  middleware(): RequestHandler {
    return (req, res, next) => {
      const started = performance.now();
      res.once("close", () => {
        const labels = { route: routeOf(req), method: req.method, status: String(res.statusCode) };
        this.#requests.observe(labels, (performance.now() - started) / 1000);
      });
      next();
    };
  }

  answer(outcome: AnswerOutcome): void {
    this.#answers.inc({ outcome });
  }
}

/** The template a request matched, so that paths cannot grow the label set. */
function routeOf(req: Request): string {
  const { path } = (req.route ?? {}) as { path?: unknown };
  return typeof path === "string" ? req.baseUrl + path : "unmatched";
}

/** A server that answers GET /metrics and nothing else. Its port is internal: no credentials. */
export function createMetricsServer(registry: Registry): Server {
  return createServer((req, res) => {
    if (req.url !== "/metrics") return void res.writeHead(404).end();
    registry.metrics().then(
      (text) => res.writeHead(200, { "content-type": registry.contentType }).end(text),
      () => res.writeHead(500).end(),
    );
  });
}
