import { makeSummary } from "../chat/summary.ts";
import { makeTitle } from "../chat/title.ts";
import type { WorkerConfig } from "../config.ts";
import type { Db } from "../db/pool.ts";
import type { Metrics } from "../http/metrics.ts";
import type { Lifecycle } from "../lifecycle.ts";
import { embedDocument } from "../knowledge/embed-job.ts";
import type { Gateway } from "../llm/gateway.ts";
import type { LlmMetrics } from "../llm/llm-metrics.ts";
import type { Meter } from "../llm/usage.ts";
import type { Logger } from "../log.ts";
import type { DataKeys } from "../privacy/data-keys.ts";
import type { KeyRing } from "../privacy/ring.ts";
import type { Job } from "./job.ts";
import { JobMetrics } from "./job-metrics.ts";
import { protect } from "./protect.ts";
import { purge } from "./purge.ts";
import { deleteOldConversations } from "./retention.ts";
import { JobRunner } from "./runner.ts";

/** What jobs work with, whichever role they run in. */
export interface JobParts {
  readonly db: Db;
  readonly ring: KeyRing;
  readonly dataKeys: DataKeys;
  readonly gateway: Gateway;
  readonly meter: Meter;
  readonly llmMetrics: LlmMetrics;
  readonly metrics: Metrics;
  readonly lifecycle: Lifecycle;
}

/** Every kind of work, and who does it. */
export function createJobs(config: WorkerConfig, parts: JobParts, log: Logger): JobRunner {
  const { db, ring, dataKeys, gateway, meter, llmMetrics, metrics, lifecycle } = parts;
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
  return new JobRunner({ db, jobs, metrics: jobMetrics, lifecycle, log: log.child({ part: "jobs" }) });
}
