import type { Queryable } from "../db/pool.ts";
import { errorTable, type ErrorCode } from "../errors.ts";
import type { DataKeys } from "../privacy/data-keys.ts";
import type { Sealer } from "../privacy/seal.ts";
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
export async function renewLeases(
  db: Queryable,
  answers: readonly { id: string; text: string; sealer: Sealer }[],
): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string }>(
    `UPDATE messages m SET content_sealed = v.sealed, updated_at = now()
     FROM unnest($1::uuid[], $2::bytea[]) AS v (id, sealed) WHERE m.id = v.id AND m.status = 'streaming' RETURNING m.id`,
    [answers.map(({ id }) => id), answers.map(({ id, text, sealer }) => sealer.seal("messages.content", id, text))],
  );
  return new Set(rows.map(({ id }) => id));
}

/** Closes the row of an answer. False: it was not ours any more. */
export async function endTurn(
  db: Queryable,
  messageId: string,
  { status, content, finishReason, usage }: Ending,
  sealer: Sealer,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH ended AS (
       UPDATE messages SET status = $2, content_sealed = $3, finish_reason = $4,
         prompt_tokens = $5, completion_tokens = $6, usage_estimated = $7, updated_at = now()
       WHERE id = $1 AND status = 'streaming' RETURNING conversation_id
     )
     UPDATE conversations SET updated_at = now() WHERE id = (SELECT conversation_id FROM ended)`,
    [
      messageId,
      status,
      sealer.seal("messages.content", messageId, content),
      finishReason,
      usage?.promptTokens,
      usage?.completionTokens,
      usage?.estimated ?? false,
    ],
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
export async function readAnswers(db: Queryable, dataKeys: DataKeys, ids: readonly string[]): Promise<Map<string, StoredAnswer>> {
  const { rows } = await db.query<AnswerRow>(
    `SELECT m.id, c.user_id AS "userId", m.content AS plain, m.content_sealed AS sealed, m.status, m.finish_reason AS "finishReason",
       m.prompt_tokens AS "promptTokens", m.completion_tokens AS "completionTokens", m.usage_estimated AS "estimated"
     FROM messages m JOIN conversations c ON c.id = m.conversation_id WHERE m.id = ANY ($1) AND m.role = 'assistant'`,
    [ids],
  );
  const answers = new Map<string, StoredAnswer>();
  for (const row of rows) {
    const sealer = await dataKeys.of(row.userId);
    answers.set(row.id, { text: sealer.read("messages.content", row.id, row), end: endOf(row) });
  }
  return answers;
}

interface AnswerRow {
  readonly id: string;
  readonly userId: string;
  readonly plain: string;
  readonly sealed: Buffer | null;
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
