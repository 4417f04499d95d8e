import pg from "pg";
import { readAnswers } from "../chat/answer-rows.ts";
import { DataKeys } from "../privacy/data-keys.ts";
import { KeyRing } from "../privacy/ring.ts";
import { testEncryptionKey } from "./settings.ts";

/** The row of an answer, opened with the tests' key. */
export async function answerRow(
  databaseUrl: string,
  messageId: string,
): Promise<{ status: string; finish_reason: string | null; content: string } | undefined> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const sql = "SELECT status, finish_reason FROM messages WHERE id = $1";
    const { rows } = await client.query<{ status: string; finish_reason: string | null }>(sql, [messageId]);
    const answers = await readAnswers(client, new DataKeys(client, new KeyRing([testEncryptionKey])), [messageId]);
    return rows[0] && { ...rows[0], content: answers.get(messageId)?.text ?? "" };
  } finally {
    await client.end();
  }
}
