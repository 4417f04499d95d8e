import { BudgetMeter } from "../budget/meter.ts";
import type { WorkerConfig } from "../config.ts";
import { createPool } from "../db/pool.ts";
import { Metrics } from "../http/metrics.ts";
import { Lifecycle } from "../lifecycle.ts";
import { Gateway } from "../llm/gateway.ts";
import { LlmMetrics } from "../llm/llm-metrics.ts";
import { Probes } from "../llm/probes.ts";
import type { Logger } from "../log.ts";
import { DataKeys } from "../privacy/data-keys.ts";
import { KeyRing } from "../privacy/ring.ts";
import { createJobs } from "./jobs.ts";
import type { JobRunner } from "./runner.ts";

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
  const parts = { db, ring, dataKeys, gateway, meter, llmMetrics, metrics, lifecycle };
  const runner = createJobs(config, parts, log);
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
