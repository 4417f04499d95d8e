import type { Db } from "../db/pool.ts";

/** Conversations that one statement takes: what is deleted is locked. */
const batch = 200;

/** Deletes conversations in which nothing happened for so many days, with their messages. Returns how many; any number may run. */
export async function deleteOldConversations(db: Db, days: number, signal: AbortSignal): Promise<number> {
  let deleted = 0;
  for (;;) {
    signal.throwIfAborted();
    const { rowCount } = await db.query(
      `DELETE FROM conversations WHERE id IN (
         SELECT id FROM conversations WHERE updated_at < now() - make_interval(days => $1) LIMIT $2 FOR UPDATE SKIP LOCKED)`,
      [days, batch],
    );
    deleted += rowCount ?? 0;
    if ((rowCount ?? 0) < batch) return deleted;
  }
}
