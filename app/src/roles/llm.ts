import { basename } from "node:path";
import { readLlmRoleConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { Metrics } from "../http/metrics.ts";
import { Lifecycle } from "../lifecycle.ts";
import { createLogger } from "../log.ts";
import { Engine } from "../runtime/engine.ts";
import { createRuntimeHandler } from "../runtime/server.ts";
import { serve } from "./serve.ts";

/** Requests that may wait; beyond, callers get 429 and know when to come back. */
const queueLimit = 8;

/** The embedded model runtime. Starts without the model; loads it at the first request and unloads it when idle. */
export async function run(_args: readonly string[], env: Env): Promise<number> {
  const config = readLlmRoleConfig(env);
  const log = createLogger(config.logLevel, "llm", config.version);
  const lifecycle = new Lifecycle();
  const engine = new Engine({ ...config, queueLimit, log });
  const handler = createRuntimeHandler({
    engine,
    modelName: config.model ?? basename(config.modelFile, ".gguf"),
    strictName: config.model !== null,
    modelFile: config.modelFile,
    version: config.version,
    lifecycle,
    heartbeatMs: 15_000,
    log,
  });
  if (!engine.usable) log.warn({ modelFile: config.modelFile }, "there is no model file; requests are refused until it is there");
  return serve({
    handler,
    port: config.port,
    address: config.listenAddress,
    log,
    lifecycle,
    graceSeconds: config.shutdownGraceSeconds,
    metrics: { metrics: new Metrics({ openAnswers: () => engine.queued }), port: config.metricsPort },
    onClosed: async () => engine.close(),
  });
}
