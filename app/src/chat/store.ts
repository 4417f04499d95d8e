import { randomUUID } from "node:crypto";
import { transaction, pgCode, pgCodes, type Db, type Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import type { Citation } from "../knowledge/search.ts";
import type { ChatMessage } from "../llm/completion.ts";
import type { DataKeys } from "../privacy/data-keys.ts";
import type { Sealer } from "../privacy/seal.ts";
import { failAbandoned } from "./answer-rows.ts";
import { titleOf } from "./history.ts";
import { readHistory, readSummary, type StoredText } from "./history-rows.ts";
import { takeBackFrom } from "./replace.ts";

export type MessageStatus = "complete" | "streaming" | "cancelled" | "failed";

export interface ConversationSummary {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: Date;
}

export interface StoredMessage {
  readonly id: string;
  readonly role: "user" | "assistant";
  readonly content: string;
  readonly status: MessageStatus;
  /** What the answer drew on; null: it was not asked to. */
  readonly citations: readonly Citation[] | null;
  readonly createdAt: Date;
}

/** A turn that was opened: the answer's row exists and is ours to write. */
export interface Turn {
  readonly userId: string;
  readonly conversationId: string;
  readonly messageId: string;
  /** The row of the question. */
  readonly questionId: string;
  readonly title: string;
  /** Seals what this person's rows hold. */
  readonly sealer: Sealer;
  /** True: the title is the model's or a person's. */
  readonly titled: boolean;
  /** Notes of what was said before the history; null: none were needed. */
  readonly summary: string | null;
  readonly citations: readonly Citation[];
  /** The conversation so far, or what its summary does not hold; the new question last. */
  readonly history: readonly ChatMessage[];
}

/** What the conversation's queries work with. */
export interface Store {
  readonly db: Db;
  readonly dataKeys: DataKeys;
}

/** One conversation with its messages, or null when it is not this person's. */
export async function readConversation(
  { db, dataKeys }: Store,
  userId: string,
  id: string,
): Promise<{ id: string; title: string; messages: StoredMessage[] } | null> {
  const found = await db.query<StoredText>(
    "SELECT title AS plain, title_sealed AS sealed FROM conversations WHERE id = $1 AND user_id = $2",
    [id, userId],
  );
  const conversation = found.rows[0];
  if (conversation === undefined) return null;
  const sealer = await dataKeys.of(userId);
  const { rows } = await db.query<Omit<StoredMessage, "content"> & StoredText>(
    `SELECT id, role, content AS plain, content_sealed AS sealed, status, citations, created_at AS "createdAt"
     FROM messages WHERE conversation_id = $1 ORDER BY position`,
    [id],
  );
  const messages = rows.map(({ plain, sealed, ...row }) => ({
    ...row,
    content: sealer.read("messages.content", row.id, { plain, sealed }),
  }));
  return { id, title: sealer.read("conversations.title", id, conversation), messages };
}

/**
 * Names a conversation; its place in the list stays. The model names it once, and never where a person did.
 * Null: it is gone, not this person's, or named already.
 */
export async function setTitle(
  { db, dataKeys }: Store,
  userId: string,
  id: string,
  { title, by }: { readonly title: string; readonly by: "person" | "model" },
): Promise<ConversationSummary | null> {
  const sealer = await dataKeys.of(userId);
  const { rows } = await db.query<{ updatedAt: Date }>(
    `UPDATE conversations SET title = '', title_sealed = $3, titled = true
     WHERE id = $1 AND user_id = $2 AND ($4 = 'person' OR NOT titled) RETURNING updated_at AS "updatedAt"`,
    [id, userId, sealer.seal("conversations.title", id, title), by],
  );
  const row = rows[0];
  return row === undefined ? null : { id, title, updatedAt: row.updatedAt };
}

/** Deletes a conversation with its messages. False when it is not this person's. */
export async function deleteConversation(db: Queryable, userId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query("DELETE FROM conversations WHERE id = $1 AND user_id = $2", [id, userId]);
  return (rowCount ?? 0) > 0;
}

/** True when the message belongs to a conversation of this person. */
export async function ownsMessage(db: Queryable, userId: string, messageId: string): Promise<boolean> {
  const { rowCount } = await db.query(
    "SELECT 1 FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = $1 AND c.user_id = $2",
    [messageId, userId],
  );
  return (rowCount ?? 0) > 0;
}

/** What a person asks, and where. */
export interface NewTurn {
  readonly userId: string;
  /** Null: a new one. */
  readonly conversationId: string | null;
  readonly content: string;
  readonly model: string;
  /** A question of this conversation: it and all that follows give way to the new one. @default null */
  readonly replaces?: string | null;
  /** What the answer is to draw on. */
  readonly citations: readonly Citation[];
}

/**
 * Stores the question and opens the row of its answer, in one transaction.
 * @throws AppError not_found (somebody else's conversation, no such question), conversation_busy (an answer is being written)
 */
export async function beginTurn(
  { db, dataKeys }: Store,
  { userId, conversationId, content, model, replaces = null, citations }: NewTurn,
): Promise<Turn> {
  const sealer = await dataKeys.of(userId);
  try {
    return await transaction(db, async (client) => {
      const conversation =
        conversationId === null
          ? await insertConversation(client, sealer, userId, titleOf(content))
          : await touch(client, sealer, userId, conversationId);
      await failAbandoned(client, conversation.id);
      if (replaces !== null) await takeBackFrom(client, conversation.id, replaces);
      const questionId = randomUUID();
      await client.query(
        `INSERT INTO messages (id, conversation_id, role, content, content_sealed, status)
         VALUES ($1, $2, 'user', '', $3, 'complete')`,
        [questionId, conversation.id, sealer.seal("messages.content", questionId, content)],
      );
      const summary = await readSummary(client, sealer, conversation.id);
      const history = await readHistory(client, sealer, conversation.id, summary?.position ?? null);
      const messageId = randomUUID();
      await client.query(
        "INSERT INTO messages (id, conversation_id, role, content, status, model, citations) VALUES ($1, $2, 'assistant', '', 'streaming', $3, $4)",
        [messageId, conversation.id, model, citations.length === 0 ? null : JSON.stringify(citations)],
      );
      const { id, title, titled } = conversation;
      const notes = summary?.text ?? null;
      return { userId, conversationId: id, messageId, questionId, title, titled, sealer, summary: notes, citations, history };
    });
  } catch (error) {
    if (pgCode(error) === pgCodes.uniqueViolation) throw new AppError("conversation_busy", { cause: error });
    throw error;
  }
}

interface Named {
  readonly id: string;
  readonly title: string;
  readonly titled: boolean;
}

async function insertConversation(db: Queryable, sealer: Sealer, userId: string, title: string): Promise<Named> {
  const id = randomUUID();
  await db.query("INSERT INTO conversations (id, user_id, title, title_sealed) VALUES ($1, $2, '', $3)", [
    id,
    userId,
    sealer.seal("conversations.title", id, title),
  ]);
  return { id, title, titled: false };
}

async function touch(db: Queryable, sealer: Sealer, userId: string, id: string): Promise<Named> {
  const { rows } = await db.query<StoredText & { titled: boolean }>(
    `UPDATE conversations SET updated_at = now() WHERE id = $1 AND user_id = $2
     RETURNING title AS plain, title_sealed AS sealed, titled`,
    [id, userId],
  );
  const conversation = rows[0];
  if (conversation === undefined) throw new AppError("not_found");
  return { id, title: sealer.read("conversations.title", id, conversation), titled: conversation.titled };
}
