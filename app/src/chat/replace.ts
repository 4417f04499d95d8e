import type { Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import { forgetSummaryFrom } from "./history-rows.ts";

/**
 * Takes back a question and everything said after it, so that another one can take its place. To be called in the transaction
 * that writes the new question, with the conversation's row locked.
 * @throws AppError not_found (no such question in this conversation), conversation_busy (an answer is being written)
 */
export async function takeBackFrom(db: Queryable, conversationId: string, questionId: string): Promise<void> {
  // Asked before anything is deleted: the writer of an answer must find its row.
  const { rows } = await db.query<{ position: string; busy: boolean }>(
    `SELECT position, EXISTS (SELECT 1 FROM messages w WHERE w.conversation_id = $1 AND w.status = 'streaming') AS busy
     FROM messages WHERE conversation_id = $1 AND id = $2 AND role = 'user'`,
    [conversationId, questionId],
  );
  const question = rows[0];
  if (question === undefined) throw new AppError("not_found", { message: "This question is no longer there." });
  if (question.busy) throw new AppError("conversation_busy");
  await db.query("DELETE FROM messages WHERE conversation_id = $1 AND position >= $2", [conversationId, question.position]);
  await forgetSummaryFrom(db, conversationId, question.position);
}
