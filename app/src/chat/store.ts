import { randomUUID } from "node:crypto";
import { transaction, pgCode, pgCodes, type Db, type Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import type { ChatMessage } from "../llm/completion.ts";
import { failAbandoned } from "./answer-rows.ts";
import { titleOf } from "./history.ts";
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
  /** The conversation so far, the new question last. */
  readonly history: readonly ChatMessage[];
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
    `SELECT id, role, content, status, created_at AS "createdAt" FROM messages WHERE conversation_id = $1 ORDER BY position`,
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

/** What a person asks, and where. */
export interface NewTurn {
  readonly userId: string;
  /** Null: a new one. */
  readonly conversationId: string | null;
  readonly content: string;
  readonly model: string;
  /** A question of this conversation: it and all that follows give way to the new one. @default null */
  readonly replaces?: string | null;
}

/**
 * Stores the question and opens the row of its answer, in one transaction.
 * @throws AppError not_found (somebody else's conversation, no such question), conversation_busy (an answer is being written)
 */
export async function beginTurn(db: Db, { userId, conversationId, content, model, replaces = null }: NewTurn): Promise<Turn> {
  try {
    return await transaction(db, async (client) => {
      const conversation =
        conversationId === null ? await insertConversation(client, userId, content) : await touch(client, userId, conversationId);
      await failAbandoned(client, conversation.id);
      if (replaces !== null) await takeBackFrom(client, conversation.id, replaces);
      const questionId = randomUUID();
      await client.query(
        "INSERT INTO messages (id, conversation_id, role, content, status) VALUES ($1, $2, 'user', $3, 'complete')",
        [questionId, conversation.id, content],
      );
      const history = await readHistory(client, conversation.id);
      const messageId = randomUUID();
      await client.query(
        "INSERT INTO messages (id, conversation_id, role, content, status, model) VALUES ($1, $2, 'assistant', '', 'streaming', $3)",
        [messageId, conversation.id, model],
      );
      return { userId, conversationId: conversation.id, messageId, questionId, title: conversation.title, history };
    });
  } catch (error) {
    if (pgCode(error) === pgCodes.uniqueViolation) throw new AppError("conversation_busy", { cause: error });
    throw error;
  }
}

async function insertConversation(db: Queryable, userId: string, content: string): Promise<{ id: string; title: string }> {
  const conversation = { id: randomUUID(), title: titleOf(content) };
  await db.query("INSERT INTO conversations (id, user_id, title) VALUES ($1, $2, $3)", [
    conversation.id,
    userId,
    conversation.title,
  ]);
  return conversation;
}

async function touch(db: Queryable, userId: string, id: string): Promise<{ id: string; title: string }> {
  const { rows } = await db.query<{ id: string; title: string }>(
    "UPDATE conversations SET updated_at = now() WHERE id = $1 AND user_id = $2 RETURNING id, title",
    [id, userId],
  );
  const conversation = rows[0];
  if (conversation === undefined) throw new AppError("not_found");
  return conversation;
}

async function readHistory(db: Queryable, conversationId: string): Promise<ChatMessage[]> {
  const { rows } = await db.query<ChatMessage>(
    `SELECT role, content FROM messages WHERE conversation_id = $1 AND content <> '' ORDER BY position DESC LIMIT $2`,
    [conversationId, historyLimit],
  );
  return rows.toReversed();
}
