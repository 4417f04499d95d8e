import { readApiConfig, readWorkerConfig } from "../config.ts";
import { createContext } from "../context.ts";
import { createApp } from "../http/app.ts";
import { createJobs } from "../jobs/jobs.ts";
import { createLogger } from "../log.ts";
import type { Env } from "../env.ts";
import { KeyRing } from "../privacy/ring.ts";
import { builtPages } from "../resources.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { serve } from "./serve.ts";

/** API, pages and background work in one process on one port, for a host that runs one service. */
export async function run(_args: readonly string[], env: Env): Promise<number> {
  const config = readApiConfig(env);
  const webRoot = builtPages(config.webRoot);
  const log = createLogger(config.logLevel, "single", config.version);
  for (const notice of config.notices) log.warn(notice);
  const ctx = createContext(config, log, await createTelemetry(config));
  // The budgets' own meter, as in the worker: what is done on people's behalf takes nothing from their tokens per minute.
  const parts = { ...ctx, meter: ctx.budget, ring: new KeyRing(config.encryptionKeys) };
  const jobs = createJobs(readWorkerConfig(env), parts, log);
  return serve({
    handler: createApp(ctx, webRoot),
    port: config.port,
    address: config.listenAddress,
    log,
    lifecycle: ctx.lifecycle,
    graceSeconds: config.shutdownGraceSeconds,
    metrics: { metrics: ctx.metrics, port: config.metricsPort },
    onListening: () => {
      ctx.start();
      void jobs.start();
    },
    onDraining: () => jobs.stop(config.shutdownGraceSeconds * 1000),
    onClosed: ctx.close,
  });
}
