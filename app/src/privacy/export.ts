import type { Queryable } from "../db/pool.ts";
import { readSummary } from "../chat/history-rows.ts";
import { readConversation, type Store } from "../chat/store.ts";
import { formatUsd } from "../budget/money.ts";
import { readChunks } from "../knowledge/chunk-rows.ts";
import { listDocuments } from "../knowledge/documents.ts";
import { exportedTables } from "./personal-tables.ts";

/** One line of an export: what it is, and the row. */
export type ExportLine = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Conversations named at a time. */
const atOnce = 200;

/**
 * All that is one person's, line by line: little is in memory at once. Without secrets: no hash, no token, no data key.
 * The last line is `end`; an export without it was cut off.
 */
export async function* exportPerson(store: Store, userId: string): AsyncGenerator<ExportLine> {
  let lines = 0;
  for (const { type, sql } of exportedTables) {
    for (const row of await readRows(store.db, sql, userId)) {
      lines += 1;
      yield { type, ...row };
    }
  }
  for await (const id of conversationIds(store.db, userId)) {
    const conversation = await readConversation(store, userId, id);
    // Deleted since it was listed.
    if (conversation === null) continue;
    lines += 1;
    const notes = await readSummary(store.db, await store.dataKeys.of(userId), id);
    yield { type: "conversation", ...conversation, summary: notes?.text ?? null };
  }
  for (const document of await listDocuments(store.db, userId, null)) {
    const { id, name, kind, bytes, createdAt } = document;
    lines += 1;
    const chunks = await readChunks(store.db, await store.dataKeys.of(userId), id);
    yield { type: "document", id, name, kind, bytes, createdAt, chunks };
  }
  yield { type: "end", lines };
}

async function readRows(db: Queryable, sql: string, userId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await db.query<Record<string, unknown>>(sql, [userId]);
  return rows.map((row) => (typeof row["cost"] === "string" ? { ...row, cost: formatUsd(Number(row["cost"])) } : row));
}

async function* conversationIds(db: Queryable, userId: string): AsyncGenerator<string> {
  let after = "00000000-0000-0000-0000-000000000000";
  for (;;) {
    const sql = "SELECT id FROM conversations WHERE user_id = $1 AND id > $2 ORDER BY id LIMIT $3";
    const { rows } = await db.query<{ id: string }>(sql, [userId, after, atOnce]);
    for (const { id } of rows) yield id;
    const last = rows.at(-1);
    if (last === undefined) return;
    after = last.id;
  }
}
