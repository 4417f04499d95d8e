import { BudgetMeter } from "../budget/meter.ts";
import { makeSummary } from "../chat/summary.ts";
import { makeTitle } from "../chat/title.ts";
import type { WorkerConfig } from "../config.ts";
import { createPool } from "../db/pool.ts";
import { Metrics } from "../http/metrics.ts";
import { Lifecycle } from "../lifecycle.ts";
import { embedDocument } from "../knowledge/embed-job.ts";
import { Gateway } from "../llm/gateway.ts";
import { LlmMetrics } from "../llm/llm-metrics.ts";
import { Probes } from "../llm/probes.ts";
import type { Logger } from "../log.ts";
import { DataKeys } from "../privacy/data-keys.ts";
import { KeyRing } from "../privacy/ring.ts";
import type { Job } from "./job.ts";
import { JobMetrics } from "./job-metrics.ts";
import { protect } from "./protect.ts";
import { purge } from "./purge.ts";
import { deleteOldConversations } from "./retention.ts";
import { JobRunner } from "./runner.ts";

/** The parts of the worker role. */
export interface Worker {
  readonly lifecycle: Lifecycle;
  readonly metrics: Metrics;
  readonly probes: Probes;
  readonly runner: JobRunner;
  readonly start: () => void;
  /** Releases everything, in reverse order. */
  readonly close: () => Promise<void>;
}

/** Builds the worker and its kinds of work. Connects to nothing by itself. */
export function createWorker(config: WorkerConfig, log: Logger): Worker {
  const db = createPool(config.databaseUrl, log.child({ part: "db" }), 5);
  const lifecycle = new Lifecycle();
  const metrics = new Metrics({ openAnswers: () => 0 });
  const llmMetrics = new LlmMetrics(metrics.registry);
  const ring = new KeyRing(config.encryptionKeys);
  const dataKeys = new DataKeys(db, ring);
  const gateway = new Gateway(config.llm, llmMetrics, log.child({ part: "gateway" }));
  const probes = new Probes({ gateway, db, redis: null, log: log.child({ part: "probes" }) });
  // One worker asks one question at a time: it cannot run away as callers can. The budgets hold all the same.
  const meter = new BudgetMeter({
    config: config.budget,
    db,
    log: log.child({ part: "budget" }),
    limitsWork: () => true,
    charged: (runtime, amount) => llmMetrics.charged(runtime, amount),
  });
  const { embeddingModel, uploadsFolder } = config.knowledge;
  const ctx = { db, dataKeys, gateway, meter, llmMetrics, contextTokens: config.llm.contextTokens, embeddingModel };
  const { retentionDays } = config;
  const jobs: Job[] = [
    { queue: "purge", every: "* * * * *", run: async () => log.debug(await purge(db), "purged") },
    {
      queue: "protect",
      every: "* * * * *",
      run: (_data, signal) => protect({ db, uploadsFolder, ring, dataKeys, log }, signal),
    },
    {
      queue: "retention",
      every: "7 * * * *",
      run: async (_data, signal) => {
        if (retentionDays === null) return;
        const conversations = await deleteOldConversations(db, retentionDays, signal);
        if (conversations > 0) log.info({ conversations, retentionDays }, "deleted what is older than it is kept");
      },
    },
    { queue: "chat-title", run: (data, signal) => makeTitle(ctx, data, signal) },
    { queue: "chat-summary", run: (data, signal) => makeSummary(ctx, data, signal) },
    { queue: "document-embed", every: "* * * * *", run: (data, signal) => embedDocument(ctx, data, signal) },
  ];
  const jobMetrics = new JobMetrics(metrics.registry, db);
  const runner = new JobRunner({ db, jobs, metrics: jobMetrics, lifecycle, log: log.child({ part: "jobs" }) });
  return {
    lifecycle,
    metrics,
    probes,
    runner,
    start: () => {
      void probes.start();
      meter.start();
      void runner.start();
    },
    close: async () => {
      probes.stop();
      await meter.close();
      await gateway.close();
      await db.end();
    },
  };
}
