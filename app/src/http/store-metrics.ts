import { Gauge, Histogram, type Registry } from "prom-client";
import { timeQueries, type Db } from "../db/pool.ts";
import type { RedisBus } from "../redis.ts";

/** Metrics of PostgreSQL and Redis as this process sees them. */
export function watchStores(registry: Registry, db: Db, redis: Pick<RedisBus, "ready"> | null): void {
  const registers = [registry];
  const queries = new Histogram({
    name: "fidus_db_query_duration_seconds",
    help: "Time of a statement, from sending it to its result.",
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 15],
    registers,
  });
  timeQueries(db, (ms) => queries.observe(ms / 1_000));
  new Gauge({
    name: "fidus_db_connections",
    help: "Connections of the pool; waiting: callers without one.",
    labelNames: ["state"],
    registers,
    collect() {
      this.set({ state: "busy" }, db.totalCount - db.idleCount);
      this.set({ state: "idle" }, db.idleCount);
      this.set({ state: "waiting" }, db.waitingCount);
    },
  });
  if (redis === null) return;
  new Gauge({
    name: "fidus_redis_up",
    help: "1: the connection to Redis is ready.",
    registers,
    collect() {
      this.set(redis.ready() ? 1 : 0);
    },
  });
}
