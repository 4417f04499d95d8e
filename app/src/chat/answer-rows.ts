import type { Queryable } from "../db/pool.ts";
import { errorTable, type ErrorCode } from "../errors.ts";
import type { AnswerEnd, AnswerUsage } from "./growing-answer.ts";
import type { MessageStatus } from "./store.ts";

/** How the row of an answer is closed. */
export interface Ending {
  readonly status: Exclude<MessageStatus, "streaming">;
  readonly content: string;
  readonly finishReason: string;
  /** null where nothing was asked of the runtime to the end. */
  readonly usage: AnswerUsage | null;
}

/** An answer as its row has it: the text as of the last renewal, and its end once there is one. */
export interface StoredAnswer {
  readonly text: string;
  readonly end: AnswerEnd | null;
}

/** Seconds without a sign of life after which an answer's writer counts as dead. Writers renew every 2 s. */
export const leaseSeconds = 4;

/** Saves what is written so far and renews the writer's leases. Returns the answers that are still ours to write. */
export async function renewLeases(db: Queryable, answers: readonly { id: string; text: string }[]): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `UPDATE messages m SET content = v.content, updated_at = now()
     FROM unnest($1::uuid[], $2::text[]) AS v (id, content) WHERE m.id = v.id AND m.status = 'streaming' RETURNING m.id`,
    [answers.map(({ id }) => id), answers.map(({ text }) => text)],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Closes the row of an answer. False: it was not ours any more. */
export async function endTurn(
  db: Queryable,
  messageId: string,
  { status, content, finishReason, usage }: Ending,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH ended AS (
       UPDATE messages SET status = $2, content = $3, finish_reason = $4,
         prompt_tokens = $5, completion_tokens = $6, usage_estimated = $7, updated_at = now()
       WHERE id = $1 AND status = 'streaming' RETURNING conversation_id
     )
     UPDATE conversations SET updated_at = now() WHERE id = (SELECT conversation_id FROM ended)`,
    [messageId, status, content, finishReason, usage?.promptTokens, usage?.completionTokens, usage?.estimated ?? false],
  );
  return (rowCount ?? 0) > 0;
}

/** Marks answers whose writer died as failed: of one conversation, or of all. Returns how many. */
export async function failAbandoned(db: Queryable, conversationId: string | null = null): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE messages SET status = 'failed', finish_reason = 'interrupted', updated_at = now()
     WHERE status = 'streaming' AND updated_at < now() - make_interval(secs => $1)
       AND ($2::uuid IS NULL OR conversation_id = $2)`,
    [leaseSeconds, conversationId],
  );
  return rowCount ?? 0;
}

/** Answers by the id of their message; those that do not exist are left out. */
export async function readAnswers(db: Queryable, ids: readonly string[]): Promise<Map<string, StoredAnswer>> {
  const { rows } = await db.query<AnswerRow>(
    `SELECT id, content, status, finish_reason AS "finishReason", prompt_tokens AS "promptTokens",
       completion_tokens AS "completionTokens", usage_estimated AS "estimated"
     FROM messages WHERE id = ANY ($1) AND role = 'assistant'`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, { text: row.content, end: endOf(row) }]));
}

interface AnswerRow {
  readonly id: string;
  readonly content: string;
  readonly status: MessageStatus;
  readonly finishReason: string | null;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly estimated: boolean;
}

function endOf({ status, finishReason, promptTokens, completionTokens, estimated }: AnswerRow): AnswerEnd | null {
  if (status === "streaming") return null;
  if (status === "failed") {
    const code = finishReason !== null && Object.hasOwn(errorTable, finishReason) ? (finishReason as ErrorCode) : "interrupted";
    return { event: "error", data: { code, message: errorTable[code].text } };
  }
  const tokens = promptTokens === null || completionTokens === null ? null : { promptTokens, completionTokens };
  const usage = tokens && { ...tokens, ...(estimated ? { estimated: true as const } : {}) };
  return { event: "done", data: { finishReason: finishReason ?? "stop", usage } };
}
