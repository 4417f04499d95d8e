import { failAbandoned } from "../chat/answer-rows.ts";
import { transaction, type Db } from "../db/pool.ts";

/** Rows a purge took. */
export interface PurgeResult {
  readonly sessions: number;
  readonly apiKeys: number;
  readonly rateLimits: number;
  /** Answers whose writer died, now marked as failed. */
  readonly abandonedAnswers: number;
}

/**
 * Removes what has ended: sessions and keys a week after (long enough to ask what happened), rate counters at once.
 * Safe to run twice or to be killed anywhere: one transaction.
 */
export async function purge(db: Db): Promise<PurgeResult> {
  return transaction(db, async (client) => {
    const count = async (sql: string): Promise<number> => (await client.query(sql)).rowCount ?? 0;
    return {
      sessions: await count("DELETE FROM sessions WHERE least(expires_at, revoked_at) < now() - interval '7 days'"),
      apiKeys: await count("DELETE FROM api_keys WHERE least(expires_at, revoked_at) < now() - interval '7 days'"),
      rateLimits: await count("DELETE FROM rate_limits WHERE reset_at < now()"),
      abandonedAnswers: await failAbandoned(client),
    };
  });
}
