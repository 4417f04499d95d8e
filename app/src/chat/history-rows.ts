import { transaction, type Db, type Queryable } from "../db/pool.ts";
import type { ChatMessage } from "../llm/completion.ts";
import type { Sealer } from "../privacy/seal.ts";

/** A text column as it is stored: sealed, or not yet. */
export interface StoredText {
  readonly plain: string;
  readonly sealed: Buffer | null;
}

/** A message, and where it stands in its conversation. */
export interface PlacedMessage extends ChatMessage {
  readonly position: string;
}

/** Notes of all messages up to a position. */
export interface Summary {
  readonly text: string;
  readonly position: string;
}

/** Latest messages read for a prompt; more would not fit any context here. */
const historyLimit = 200;

/** The latest messages after a position, oldest first. */
export async function readHistory(
  db: Queryable,
  sealer: Sealer,
  conversationId: string,
  after: string | null,
): Promise<PlacedMessage[]> {
  const { rows } = await db.query<{ id: string; role: "user" | "assistant"; position: string } & StoredText>(
    `SELECT id, role, position, content AS plain, content_sealed AS sealed FROM messages
     WHERE conversation_id = $1 AND (content <> '' OR content_sealed IS NOT NULL) AND position > coalesce($3::bigint, -1)
     ORDER BY position DESC LIMIT $2`,
    [conversationId, historyLimit, after],
  );
  const messages = rows
    .toReversed()
    .map(({ id, role, position, ...text }) => ({ role, position, content: sealer.read("messages.content", id, text) }));
  return messages.filter(({ content }) => content !== "");
}

export async function readSummary(db: Queryable, sealer: Sealer, id: string): Promise<Summary | null> {
  const { rows } = await db.query<{ sealed: Buffer | null; position: string | null }>(
    "SELECT summary_sealed AS sealed, summary_position AS position FROM conversations WHERE id = $1",
    [id],
  );
  const { sealed = null, position = null } = rows[0] ?? {};
  return sealed === null || position === null ? null : { text: sealer.open("conversations.summary", id, sealed), position };
}

/**
 * Keeps notes. False: the conversation is gone, there are notes of as many messages already, or their last message was taken back
 * while the notes were written.
 */
export function setSummary(db: Db, sealer: Sealer, id: string, { text, position }: Summary): Promise<boolean> {
  return transaction(db, async (client) => {
    // Whoever takes messages back holds this row: what is asked below is asked after that.
    await client.query("SELECT 1 FROM conversations WHERE id = $1 FOR UPDATE", [id]);
    const { rowCount } = await client.query(
      `UPDATE conversations SET summary_sealed = $2, summary_position = $3
       WHERE id = $1 AND coalesce(summary_position, -1) < $3::bigint
         AND EXISTS (SELECT 1 FROM messages WHERE conversation_id = $1 AND position = $3::bigint)`,
      [id, sealer.seal("conversations.summary", id, text), position],
    );
    return (rowCount ?? 0) > 0;
  });
}

/** Forgets notes of messages that are taken back. */
export async function forgetSummaryFrom(db: Queryable, id: string, position: string): Promise<void> {
  await db.query(
    "UPDATE conversations SET summary_sealed = NULL, summary_position = NULL WHERE id = $1 AND summary_position >= $2::bigint",
    [id, position],
  );
}
