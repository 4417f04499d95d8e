import { readApiConfig } from "../config.ts";
import { createContext } from "../context.ts";
import { createApp } from "../http/app.ts";
import { Handover } from "../http/handover.ts";
import { createLogger } from "../log.ts";
import type { Env } from "../env.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { serve } from "./serve.ts";

/** The gateway and our own API. */
export async function run(_args: readonly string[], env: Env): Promise<number> {
  const config = readApiConfig(env);
  const log = createLogger(config.logLevel, "api", config.version);
  for (const notice of config.notices) log.warn(notice);
  const ctx = createContext(config, log, await createTelemetry(config));
  const handover = config.leavingFile === null ? null : new Handover(config.leavingFile);
  return serve({
    handler: createApp(ctx),
    port: config.port,
    address: config.listenAddress,
    log,
    lifecycle: ctx.lifecycle,
    graceSeconds: config.shutdownGraceSeconds,
    handover: config.limits.replicas > 1 ? handover : null,
    metrics: { metrics: ctx.metrics, port: config.metricsPort },
    onListening: () => {
      handover?.return();
      ctx.start();
    },
    onClosed: ctx.close,
  });
}
