import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Db } from "../db/pool.ts";
import { queueNames, type QueueName } from "./queues.ts";

/** How one attempt ended. "given_up": the work is done with, without a result that it could not have. */
export type JobOutcome = "done" | "failed" | "given_up";

interface Depth {
  readonly name: QueueName;
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
  /** Seconds since the oldest of those that are due was. */
  readonly age: number;
}

/** Figures of the queues, read from PostgreSQL at each scrape. Labels: names of queues, and closed sets. */
export class JobMetrics {
  readonly #attempts: Counter<"queue" | "outcome">;
  readonly #seconds: Histogram<"queue">;

  constructor(registry: Registry, db: Db) {
    const registers = [registry];
    this.#attempts = new Counter({
      name: "fidus_job_attempts_total",
      help: "Attempts at jobs by this worker, by end.",
      labelNames: ["queue", "outcome"],
      registers,
    });
    this.#seconds = new Histogram({
      name: "fidus_job_seconds",
      help: "Time of one attempt at a job.",
      labelNames: ["queue"],
      buckets: [0.01, 0.1, 1, 5, 20, 60, 300],
      registers,
    });
    // Without PostgreSQL nobody knows: better no figure than an old one.
    const depths = (): Promise<Depth[]> => readDepths(db).catch(() => []);
    new Gauge({
      name: "fidus_job_oldest_seconds",
      help: "How long the oldest job that is due has waited.",
      labelNames: ["queue"],
      registers,
      async collect() {
        const read = await depths();
        this.reset();
        for (const { name: queue, age } of read) this.set({ queue }, age);
      },
    });
    new Gauge({
      name: "fidus_jobs",
      help: "Jobs by state; failed: after the last attempt, within the last 7 days.",
      labelNames: ["queue", "state"],
      registers,
      async collect() {
        const read = await depths();
        this.reset();
        for (const depth of read) {
          for (const state of ["waiting", "active", "failed"] as const) this.set({ queue: depth.name, state }, depth[state]);
        }
      },
    });
  }

  attempt(queue: QueueName, outcome: JobOutcome, milliseconds: number): void {
    this.#attempts.inc({ queue, outcome });
    this.#seconds.observe({ queue }, milliseconds / 1000);
  }
}

async function readDepths(db: Db): Promise<Depth[]> {
  const { rows } = await db.query<Depth>(
    `SELECT q.name, count(j.id) FILTER (WHERE j.state < 'active')::int AS waiting,
       count(j.id) FILTER (WHERE j.state = 'active')::int AS active, count(j.id) FILTER (WHERE j.state = 'failed')::int AS failed,
       greatest(0, coalesce(extract(epoch FROM now() - min(j.start_after) FILTER (WHERE j.state < 'active')), 0))::float8 AS age
     FROM unnest($1::text[]) AS q (name) LEFT JOIN jobs.job j ON j.name = q.name AND j.state NOT IN ('completed', 'cancelled')
     GROUP BY q.name`,
    [queueNames],
  );
  return rows;
}
