import { readWorkerConfig } from "../config.ts";
import { createPool } from "../db/pool.ts";
import type { Env } from "../env.ts";
import { Metrics } from "../http/metrics.ts";
import { sweep } from "../budget/ledger.ts";
import { protect } from "../jobs/protect.ts";
import { purge } from "../jobs/purge.ts";
import { Ticker } from "../jobs/ticker.ts";
import { Lifecycle } from "../lifecycle.ts";
import { createLogger } from "../log.ts";
import { KeyRing } from "../privacy/ring.ts";
import { serve } from "./serve.ts";

const purgeEveryMs = 60_000;
const sweepEveryMs = 10_000;
const protectEveryMs = 60_000;

/** Background work. Alive as long as it serves /health; a failed run is logged and tried again at the next tick. */
export async function run(_args: readonly string[], env: Env): Promise<number> {
  const config = readWorkerConfig(env);
  const log = createLogger(config.logLevel, "worker", config.version);
  const db = createPool(config.databaseUrl, log, 3);
  const lifecycle = new Lifecycle();
  const job = new Ticker(purgeEveryMs, async () => {
    const work = lifecycle.begin();
    try {
      log.debug(await purge(db), "purged");
    } catch (error) {
      log.warn({ err: error }, "purge failed; next attempt in a minute");
    } finally {
      work.done();
    }
  });
  // The API's replicas do it too; here for the case that the last of them was killed.
  const sweeper = new Ticker(sweepEveryMs, async () => {
    try {
      for (const alert of await sweep(db, config.budget.tenantAlert)) log.warn(alert, "a budget reached its alert");
    } catch (error) {
      log.warn({ err: error }, "could not sweep reservations; next attempt in 10 s");
    }
  });
  const ring = new KeyRing(config.encryptionKeys);
  const stopping = new AbortController();
  const protector = new Ticker(protectEveryMs, () => protect({ db, ring, log }, stopping.signal));
  const { environment, version } = config;
  return serve({
    handler: (req, res) => {
      const known = req.url === "/health" || req.url === "/healthz";
      const body = known
        ? { status: "ok", version, environment, time: new Date().toISOString() }
        : { error: { code: "not_found" } };
      res
        .writeHead(known ? 200 : 404, { "content-type": "application/json", "cache-control": "no-store" })
        .end(JSON.stringify(body));
    },
    port: config.port,
    address: config.listenAddress,
    log,
    lifecycle,
    graceSeconds: config.shutdownGraceSeconds,
    metrics: { metrics: new Metrics({ openAnswers: () => 0 }), port: config.metricsPort },
    onListening: () => {
      job.start();
      sweeper.start();
      protector.start();
    },
    onClosed: async () => {
      stopping.abort();
      protector.stop();
      job.stop();
      sweeper.stop();
      await db.end();
    },
  });
}
