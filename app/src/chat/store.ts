import { randomUUID } from "node:crypto";
import { transaction, pgCode, pgCodes, type Db, type Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import type { Citation } from "../knowledge/search.ts";
import type { ChatMessage } from "../llm/completion.ts";
import { failAbandoned } from "./answer-rows.ts";
import { titleOf } from "./history.ts";

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
  readonly title: string;
  /** True: the title is the model's or a person's. */
  readonly titled: boolean;
  /** Notes of what was said before the history; null: none were needed. */
  readonly summary: string | null;
  readonly citations: readonly Citation[];
  /** The conversation so far, or what its summary does not hold; the new question last. */
  readonly history: readonly ChatMessage[];
}

/** A message, and where it stands in its conversation. */
export interface PlacedMessage extends ChatMessage {
  readonly position: string;
}

/** On whose account background work asks, and which model: the one that answered last. */
export interface ConversationOwner {
  readonly userId: string;
  readonly tenant: string;
  readonly model: string;
}

/** A conversation as background work sees it. */
export interface ConversationForWork {
  readonly owner: ConversationOwner;
  /** True: somebody chose the title, or the model gave it. */
  readonly titled: boolean;
  readonly summary: string | null;
  /** What the summary does not hold, oldest first. */
  readonly messages: readonly PlacedMessage[];
}

/** Latest messages read for a prompt; more would not fit any context here. */
const historyLimit = 200;

/** A person's conversations, latest first, 500 at most. */
export async function listConversations(db: Queryable, userId: string): Promise<ConversationSummary[]> {
  const { rows } = await db.query<ConversationSummary>(
    'SELECT id, title, updated_at AS "updatedAt" FROM conversations WHERE user_id = $1 ORDER BY updated_at DESC LIMIT 500',
    [userId],
  );
  return rows;
}

/** One conversation with its messages, or null when it is not this person's. */
export async function readConversation(
  db: Queryable,
  userId: string,
  id: string,
): Promise<{ id: string; title: string; messages: StoredMessage[] } | null> {
  const found = await db.query<{ title: string }>("SELECT title FROM conversations WHERE id = $1 AND user_id = $2", [id, userId]);
  const conversation = found.rows[0];
  if (conversation === undefined) return null;
  const { rows } = await db.query<StoredMessage>(
    `SELECT id, role, content, status, citations, created_at AS "createdAt" FROM messages WHERE conversation_id = $1 ORDER BY position`,
    [id],
  );
  return { id, title: conversation.title, messages: rows };
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

export interface Question {
  readonly userId: string;
  /** null: it begins one. */
  readonly conversationId: string | null;
  readonly content: string;
  readonly model: string;
  readonly citations: readonly Citation[];
}

/**
 * Stores the question and opens the row of its answer, in one transaction.
 * @throws AppError not_found (somebody else's conversation), conversation_busy (an answer is being written)
 */
export async function beginTurn(db: Db, { userId, conversationId, content, model, citations }: Question): Promise<Turn> {
  try {
    return await transaction(db, async (client) => {
      const conversation =
        conversationId === null ? await insertConversation(client, userId, content) : await touch(client, userId, conversationId);
      await failAbandoned(client, conversation.id);
      await client.query(
        "INSERT INTO messages (id, conversation_id, role, content, status) VALUES ($1, $2, 'user', $3, 'complete')",
        [randomUUID(), conversation.id, content],
      );
      const summary = await readSummary(client, conversation.id);
      const history = await readHistory(client, conversation.id, summary?.position ?? null);
      const messageId = randomUUID();
      await client.query(
        "INSERT INTO messages (id, conversation_id, role, content, status, model, citations) VALUES ($1, $2, 'assistant', '', 'streaming', $3, $4)",
        [messageId, conversation.id, model, citations.length === 0 ? null : JSON.stringify(citations)],
      );
      const { id, title, titled } = conversation;
      return { userId, conversationId: id, messageId, title, titled, summary: summary?.text ?? null, citations, history };
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

async function insertConversation(db: Queryable, userId: string, content: string): Promise<Named> {
  const conversation = { id: randomUUID(), title: titleOf(content), titled: false };
  await db.query("INSERT INTO conversations (id, user_id, title) VALUES ($1, $2, $3)", [
    conversation.id,
    userId,
    conversation.title,
  ]);
  return conversation;
}

async function touch(db: Queryable, userId: string, id: string): Promise<Named> {
  const { rows } = await db.query<Named>(
    "UPDATE conversations SET updated_at = now() WHERE id = $1 AND user_id = $2 RETURNING id, title, titled",
    [id, userId],
  );
  const conversation = rows[0];
  if (conversation === undefined) throw new AppError("not_found");
  return conversation;
}

/**
 * Names a conversation. The model names it once, and never where a person did. False: it is gone, or named already.
 * @param by "person": whoever owns it chose the title
 */
export async function setTitle(db: Queryable, id: string, title: string, by: "person" | "model"): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE conversations SET title = $2, titled = true WHERE id = $1 AND ($3 = 'person' OR NOT titled)",
    [id, title, by],
  );
  return (rowCount ?? 0) > 0;
}

/** Keeps the notes of all messages up to `position`. False: it is gone, or there are notes of as many already. */
export async function setSummary(db: Queryable, id: string, summary: string, position: string): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE conversations SET summary = $2, summary_position = $3
     WHERE id = $1 AND coalesce(summary_position, -1) < $3::bigint`,
    [id, summary, position],
  );
  return (rowCount ?? 0) > 0;
}

/** A conversation for a job; null: it was deleted meanwhile, or its owner may not ask any more. */
export async function readForWork(db: Queryable, id: string): Promise<ConversationForWork | null> {
  const { rows } = await db.query<ConversationOwner & { titled: boolean }>(
    `SELECT c.user_id AS "userId", u.tenant, c.titled,
       (SELECT m.model FROM messages m WHERE m.conversation_id = c.id AND m.model IS NOT NULL ORDER BY m.position DESC LIMIT 1) AS model
     FROM conversations c JOIN users u ON u.id = c.user_id AND u.disabled_at IS NULL WHERE c.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row?.model == null) return null;
  const { userId, tenant, model, titled } = row;
  const summary = await readSummary(db, id);
  const messages = await readHistory(db, id, summary?.position ?? null);
  return { owner: { userId, tenant, model }, titled, summary: summary?.text ?? null, messages };
}

async function readSummary(db: Queryable, id: string): Promise<{ text: string; position: string } | null> {
  const { rows } = await db.query<{ text: string | null; position: string | null }>(
    "SELECT summary AS text, summary_position AS position FROM conversations WHERE id = $1",
    [id],
  );
  const { text = null, position = null } = rows[0] ?? {};
  return text === null || position === null ? null : { text, position };
}

/** The latest messages after a position, oldest first. */
async function readHistory(db: Queryable, conversationId: string, after: string | null): Promise<PlacedMessage[]> {
  const { rows } = await db.query<PlacedMessage>(
    `SELECT role, content, position FROM messages
     WHERE conversation_id = $1 AND content <> '' AND position > coalesce($3::bigint, -1) ORDER BY position DESC LIMIT $2`,
    [conversationId, historyLimit, after],
  );
  return rows.toReversed();
}
