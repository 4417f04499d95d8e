import { PgBoss } from "pg-boss";
import type { Db } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Logger } from "../log.ts";
import { isLasting, type Job } from "./job.ts";
import type { JobMetrics } from "./job-metrics.ts";
import { enqueue } from "./queues.ts";

/** Seconds between looks for work of each queue. */
const pollSeconds = 2;
/** Seconds between looks for workers that are not heard of any more. */
const superviseSeconds = 5;
const startAgainMs = 1_000;

interface RunnerOptions {
  readonly db: Db;
  readonly jobs: readonly Job[];
  readonly metrics: JobMetrics;
  readonly lifecycle: Lifecycle;
  readonly log: Logger;
}

/** Takes work from the queues in PostgreSQL and does it, one piece of each kind at a time. Any number of workers may run. */
export class JobRunner {
  readonly #options: RunnerOptions;
  readonly #boss: PgBoss;
  #ready = false;
  #stopping = false;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: RunnerOptions) {
    this.#options = options;
    const { db, log } = options;
    this.#boss = new PgBoss({
      db: { executeSql: (text, values) => db.query(text, values) },
      schema: "jobs",
      // The tables are ours to migrate: app/migrations.
      migrate: false,
      createSchema: false,
      superviseIntervalSeconds: superviseSeconds,
      monitorIntervalSeconds: superviseSeconds,
    });
    this.#boss.on("error", (error) => log.warn({ err: error }, "the job queue met an error; it goes on"));
    this.#boss.on("warning", ({ message }) => log.warn({ message }, "the job queue warns"));
  }

  /** True: it takes work. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Begins, and tries again every second while PostgreSQL is away or not migrated yet. Never throws. */
  async start(): Promise<void> {
    if (this.#stopping) return;
    const { db, jobs, log } = this.#options;
    try {
      await this.#boss.start();
      for (const job of jobs) {
        if (job.every !== undefined) {
          await this.#boss.schedule(job.queue, job.every, {}, { tz: "UTC" });
          // And now: what a worker is started for need not wait for its minute.
          await enqueue(db, job.queue, "", {});
        }
        const options = { pollingIntervalSeconds: pollSeconds };
        await this.#boss.work(job.queue, options, async ([taken]) => {
          if (taken !== undefined) await this.#run(job, taken);
        });
      }
      this.#ready = true;
      log.info({ queues: jobs.map(({ queue }) => queue) }, "taking jobs");
    } catch (error) {
      log.warn({ err: error }, "cannot take jobs yet; next attempt in 1 s");
      await this.#boss.stop({ graceful: false }).catch(() => {});
      if (!this.#stopping) this.#retry = setTimeout(() => void this.start(), startAgainMs);
    }
  }

  /** Takes no more work, and waits for what runs: `graceMs`, then it goes back to its queue. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    this.#ready = false;
    clearTimeout(this.#retry);
    await this.#boss.stop({ graceful: true, timeout: graceMs }).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, "the job queue did not stop in order");
    });
  }

  async #run({ queue, run }: Job, { id, data, signal }: { id: string; data: unknown; signal: AbortSignal }): Promise<void> {
    const { lifecycle, metrics, log } = this.#options;
    const work = lifecycle.begin();
    const started = performance.now();
    let failure: string | null = null;
    try {
      await run(data, AbortSignal.any([work.signal, signal]));
      metrics.attempt(queue, "done", performance.now() - started);
    } catch (error) {
      const lasting = isLasting(error);
      metrics.attempt(queue, lasting ? "given_up" : "failed", performance.now() - started);
      log.warn({ err: error, queue, jobId: id }, lasting ? "gave a job up" : "a job failed; it is tried again");
      if (!lasting) failure = error instanceof AppError ? error.code : "internal";
    } finally {
      work.done();
    }
    // The queue keeps what is thrown, causes too: a code, never what somebody said.
    if (failure !== null) throw new Error(failure);
  }
}
