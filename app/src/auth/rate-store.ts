import type { IncrementResponse, Store } from "express-rate-limit";
import type { Queryable } from "../db/pool.ts";

/** Counts attempts in PostgreSQL, so that a limit holds across replicas and restarts. */
export class PgRateStore implements Store {
  readonly localKeys = false;
  readonly prefix: string;
  readonly #db: Queryable;
  readonly #windowSeconds: number;

  constructor(db: Queryable, prefix: string, windowSeconds: number) {
    this.#db = db;
    this.prefix = prefix;
    this.#windowSeconds = windowSeconds;
  }

  async increment(key: string): Promise<IncrementResponse> {
    const { rows } = await this.#db.query<{ hits: number; ms: number }>(
      `INSERT INTO rate_limits AS r (key, hits, reset_at) VALUES ($1, 1, now() + make_interval(secs => $2))
       ON CONFLICT (key) DO UPDATE SET
         hits = CASE WHEN r.reset_at <= now() THEN 1 ELSE r.hits + 1 END,
         reset_at = CASE WHEN r.reset_at <= now() THEN excluded.reset_at ELSE r.reset_at END
       RETURNING hits, extract(epoch FROM reset_at - now())::float8 * 1000 AS ms`,
      [this.prefix + key, this.#windowSeconds],
    );
    const row = rows[0];
    if (row === undefined) throw new Error("rate_limits returned no row");
    // Its reader subtracts its own clock, which may be another than the database's.
    return { totalHits: row.hits, resetTime: new Date(Date.now() + row.ms) };
  }

  async decrement(key: string): Promise<void> {
    await this.#db.query("UPDATE rate_limits SET hits = greatest(hits - 1, 0) WHERE key = $1", [this.prefix + key]);
  }

  async resetKey(key: string): Promise<void> {
    await this.#db.query("DELETE FROM rate_limits WHERE key = $1", [this.prefix + key]);
  }
}
