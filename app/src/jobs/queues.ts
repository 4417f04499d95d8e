import type { Queryable } from "../db/pool.ts";

/** Every kind of work; the migrations make a queue of each, and options are theirs alone. */
export const queueNames = ["purge", "protect", "retention", "chat-title", "chat-summary", "document-embed"] as const;
export type QueueName = (typeof queueNames)[number];

/**
 * Asks for work, in the transaction of what gives rise to it: both happen or neither. Nothing when work for `key` already waits or runs.
 * @param key what the work is about, e.g. a conversation's id
 */
export async function enqueue(db: Queryable, queue: QueueName, key: string, data: object): Promise<void> {
  await db.query("SELECT enqueue_job($1, $2, $3)", [queue, key, JSON.stringify(data)]);
}
