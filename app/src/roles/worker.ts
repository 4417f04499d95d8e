import type { RequestListener } from "node:http";
import { readWorkerConfig, type WorkerConfig } from "../config.ts";
import type { Env } from "../env.ts";
import { serve } from "./serve.ts";
import { createWorker, type Worker } from "../jobs/worker.ts";
import { createLogger } from "../log.ts";

/** Background work from the queues in PostgreSQL. Alive as long as it serves /health; ready while it takes work. */
export async function run(_args: readonly string[], env: Env): Promise<number> {
  const config = readWorkerConfig(env);
  const log = createLogger(config.logLevel, "worker", config.version);
  const worker = createWorker(config, log);
  return serve({
    handler: healthHandler(config, worker),
    port: config.port,
    address: config.listenAddress,
    log,
    lifecycle: worker.lifecycle,
    graceSeconds: config.shutdownGraceSeconds,
    metrics: { metrics: worker.metrics, port: config.metricsPort },
    onListening: worker.start,
    onDraining: () => worker.runner.stop(config.shutdownGraceSeconds * 1000),
    onClosed: worker.close,
  });
}

/** Liveness (touches nothing) and readiness (cached): all that a worker has to say over HTTP. */
function healthHandler({ environment, version }: WorkerConfig, { lifecycle, probes, runner }: Worker): RequestListener {
  return ({ url }, res) => {
    const time = new Date().toISOString();
    const send = (status: number, body: object): void => {
      res.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(body));
    };
    if (url === "/health" || url === "/healthz") return send(200, { status: "ok", version, environment, time });
    if (url !== "/health/ready") return send(404, { error: { code: "not_found" } });
    const services = probes.services();
    const usable = runner.ready && services.postgres === "up";
    const status = lifecycle.draining ? "draining" : usable ? "ready" : "not ready";
    send(status === "ready" ? 200 : 503, { status, services, time });
  };
}
