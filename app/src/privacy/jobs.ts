import { transaction, type Db } from "../db/pool.ts";
import type { DataKeys } from "./data-keys.ts";
import type { KeyRing, WrappedKey } from "./ring.ts";
import type { SealedColumn } from "./seal.ts";

/** Rows of one transaction: short enough that nobody waits for it. */
const atOnce = 100;

interface OldText {
  readonly id: string;
  readonly userId: string;
  readonly text: string;
}

/** Columns that there were before encryption. */
type OldColumn = Extract<SealedColumn, "conversations.title" | "messages.content">;

/** Where text of before encryption may still be. What was sealed, deleted or renamed meanwhile is left alone. */
const unsealed: Readonly<Record<OldColumn, { readonly find: string; readonly write: string }>> = {
  "conversations.title": {
    find: `SELECT id, user_id AS "userId", title AS text FROM conversations
      WHERE title_sealed IS NULL AND title <> '' AND user_id <> ALL ($2) ORDER BY id LIMIT $1`,
    write: `UPDATE conversations c SET title = '', title_sealed = v.sealed FROM unnest($1::uuid[], $2::bytea[]) AS v (id, sealed)
      WHERE c.id = v.id AND c.title_sealed IS NULL`,
  },
  // Not what is being written: a replica of the version before may hold it.
  "messages.content": {
    find: `SELECT m.id, c.user_id AS "userId", m.content AS text FROM messages m JOIN conversations c ON c.id = m.conversation_id
      WHERE m.content_sealed IS NULL AND m.content <> '' AND m.status <> 'streaming' AND c.user_id <> ALL ($2)
      ORDER BY m.id LIMIT $1`,
    write: `UPDATE messages m SET content = '', content_sealed = v.sealed FROM unnest($1::uuid[], $2::bytea[]) AS v (id, sealed)
      WHERE m.id = v.id AND m.content_sealed IS NULL`,
  },
};

/** Goes on while there is work and nobody stops it. Returns how many rows were done. */
async function drain(batch: () => Promise<number>, signal: AbortSignal): Promise<number> {
  let done = 0;
  for (;;) {
    if (signal.aborted) return done;
    const count = await batch();
    done += count;
    if (count === 0) return done;
  }
}

/**
 * Seals what an older version left in clear. Killed anywhere it goes on from there: each batch is one statement.
 * People whose key cannot be had are passed over until the next run. @throws AggregateError that names why, at the end
 */
export async function sealOldRows(db: Db, dataKeys: DataKeys, signal: AbortSignal): Promise<number> {
  const failed = new Map<string, unknown>();
  let done = 0;
  for (const column of Object.keys(unsealed) as OldColumn[])
    done += await drain(() => sealBatch(db, dataKeys, column, failed), signal);
  if (failed.size > 0) throw new AggregateError(failed.values(), `rows of ${failed.size} people could not be sealed`);
  return done;
}

async function sealBatch(db: Db, dataKeys: DataKeys, column: OldColumn, failed: Map<string, unknown>): Promise<number> {
  const { find, write } = unsealed[column];
  const { rows } = await db.query<OldText>(find, [atOnce, [...failed.keys()]]);
  const sealed: { id: string; bytes: Buffer }[] = [];
  for (const { id, userId, text } of rows) {
    try {
      sealed.push({ id, bytes: (await dataKeys.of(userId)).seal(column, id, text) });
    } catch (error) {
      failed.set(userId, error);
    }
  }
  await db.query(write, [sealed.map(({ id }) => id), sealed.map(({ bytes }) => bytes)]);
  return rows.length;
}

/** Wraps by the newest key of the ring what an older one wraps. Killed anywhere it goes on from there. */
export function rewrapDataKeys(db: Db, ring: KeyRing, signal: AbortSignal): Promise<number> {
  return drain(() => rewrapBatch(db, ring), signal);
}

async function rewrapBatch(db: Db, ring: KeyRing): Promise<number> {
  return transaction(db, async (client) => {
    const { rows } = await client.query<WrappedKey & { userId: string }>(
      `SELECT user_id AS "userId", key_id AS "keyId", wrapped FROM fidus_keys.data_keys
       WHERE key_id <> $1 AND key_id = ANY ($2) ORDER BY user_id LIMIT $3 FOR UPDATE SKIP LOCKED`,
      [ring.newest.id, ring.ids, atOnce],
    );
    for (const { userId, ...stored } of rows) {
      const { keyId, wrapped } = ring.wrap(userId, ring.unwrap(userId, stored));
      await client.query("UPDATE fidus_keys.data_keys SET key_id = $2, wrapped = $3 WHERE user_id = $1", [
        userId,
        keyId,
        wrapped,
      ]);
    }
    return rows.length;
  });
}

/** How far sealing and rotation are. */
export interface EncryptionStatus {
  /** Rows in clear, of the version before. */
  readonly unsealed: number;
  /** Data keys that each key of the ring wraps, newest first. */
  readonly ring: readonly { readonly key: string; readonly dataKeys: number }[];
  /** Data keys of keys that the ring lacks: nobody can open what they seal. */
  readonly lost: number;
}

export async function encryptionStatus(db: Db, ring: KeyRing): Promise<EncryptionStatus> {
  const { rows } = await db.query<{ keyId: string; count: number }>(
    `SELECT key_id AS "keyId", count(*)::int AS count FROM fidus_keys.data_keys WHERE key_id IS NOT NULL GROUP BY key_id`,
  );
  const clear = await db.query<{ count: number }>(
    `SELECT (SELECT count(*) FROM conversations WHERE title_sealed IS NULL AND title <> '')::int
       + (SELECT count(*) FROM messages WHERE content_sealed IS NULL AND content <> '')::int AS count`,
  );
  const counts = new Map(rows.map(({ keyId, count }) => [keyId, count]));
  const known = ring.ids.map((key) => ({ key, dataKeys: counts.get(key) ?? 0 }));
  const all = rows.reduce((sum, { count }) => sum + count, 0);
  return { unsealed: clear.rows[0]?.count ?? 0, ring: known, lost: all - known.reduce((sum, { dataKeys }) => sum + dataKeys, 0) };
}
