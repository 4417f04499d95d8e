import { failAbandoned } from "../chat/answer-rows.ts";
import { transaction, type Db } from "../db/pool.ts";

/** Rows a purge took; all 0 when another worker was at it. */
export interface PurgeResult {
  readonly sessions: number;
  readonly apiKeys: number;
  readonly rateLimits: number;
  /** Answers whose writer died, now marked as failed. */
  readonly abandonedAnswers: number;
}

/** Any constant: one purge at a time. */
const lockId = 7_203_118_402;

/**
 * Removes what has ended: sessions and keys a week after (long enough to ask what happened), rate counters at once.
 * Safe to run twice or to be killed anywhere: one transaction.
 */
export async function purge(db: Db): Promise<PurgeResult> {
  return transaction(db, async (client) => {
    const lock = await client.query<{ ours: boolean }>("SELECT pg_try_advisory_xact_lock($1) AS ours", [lockId]);
    if (!lock.rows[0]?.ours) return { sessions: 0, apiKeys: 0, rateLimits: 0, abandonedAnswers: 0 };
    const count = async (sql: string): Promise<number> => (await client.query(sql)).rowCount ?? 0;
    return {
      sessions: await count("DELETE FROM sessions WHERE least(expires_at, revoked_at) < now() - interval '7 days'"),
      apiKeys: await count("DELETE FROM api_keys WHERE least(expires_at, revoked_at) < now() - interval '7 days'"),
      rateLimits: await count("DELETE FROM rate_limits WHERE reset_at < now()"),
      abandonedAnswers: await failAbandoned(client),
    };
  });
}
