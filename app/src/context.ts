import type { ApiConfig } from "./config.ts";
import { BudgetMeter } from "./budget/meter.ts";
import { Sessions } from "./auth/sessions.ts";
import { CancelRegistry } from "./chat/cancel.ts";
import { createPool, type Db } from "./db/pool.ts";
import { Limits } from "./http/limits.ts";
import { Metrics } from "./http/metrics.ts";
import { Lifecycle } from "./lifecycle.ts";
import { Probes } from "./llm/probes.ts";
import { Upstream } from "./llm/upstream.ts";
import type { Logger } from "./log.ts";
import { createRedisBus, type CancelBus } from "./redis.ts";

/** All that the routers of the api role work with; each takes the slice it needs. */
export interface Context {
  readonly config: ApiConfig;
  readonly log: Logger;
  readonly db: Db;
  readonly redis: CancelBus | null;
  readonly sessions: Sessions;
  readonly upstream: Upstream;
  readonly probes: Probes;
  readonly cancels: CancelRegistry;
  readonly lifecycle: Lifecycle;
  /** Reserves and settles what calls cost. */
  readonly meter: BudgetMeter;
  readonly limits: Limits;
  readonly metrics: Metrics;
  /** Milliseconds between heartbeats of an open stream. */
  readonly heartbeatMs: number;
  /** Releases everything, in reverse order. */
  readonly close: () => Promise<void>;
}

/** Builds the parts of the api role. Connects to nothing by itself: the probes do, in the background. */
export function createContext(config: ApiConfig, log: Logger): Context {
  const db = createPool(config.databaseUrl, log.child({ part: "db" }));
  const redis = config.redisUrl === null ? null : createRedisBus(config.redisUrl, log.child({ part: "redis" }));
  const upstream = new Upstream(config.llm);
  const lifecycle = new Lifecycle();
  const probes = new Probes({ config: config.llm, upstream, db, redis, log: log.child({ part: "probes" }) });
  const cancels = new CancelRegistry(redis);
  const metrics = new Metrics({ openAnswers: () => lifecycle.openWork });
  const meter = new BudgetMeter({
    config: config.budget,
    db,
    log: log.child({ part: "budget" }),
    limitsWork: () => redis?.ready() ?? true,
  });
  return {
    config,
    log,
    db,
    redis,
    sessions: new Sessions(db, config.sessionSecret),
    upstream,
    probes,
    cancels,
    lifecycle,
    meter,
    limits: new Limits(config.limits, redis?.commands ?? null),
    metrics,
    heartbeatMs: 15_000,
    close: async () => {
      probes.stop();
      await meter.close();
      redis?.close();
      await upstream.close();
      await db.end();
    },
  };
}
