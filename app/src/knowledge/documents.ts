import type { Queryable } from "../db/pool.ts";
import { enqueue } from "../jobs/queues.ts";

/** Kinds of files that can be read. */
export const documentKinds = ["text", "pdf", "docx"] as const;
export type DocumentKind = (typeof documentKinds)[number];

export interface Document {
  readonly id: string;
  readonly name: string;
  readonly kind: DocumentKind;
  readonly bytes: number;
  readonly createdAt: Date;
  readonly chunks: number;
  /** Chunks that a search finds already. */
  readonly embedded: number;
}

/** A person's documents, latest first, 500 at most, with what this model has embedded of each. */
export async function listDocuments(db: Queryable, userId: string, model: string | null): Promise<Document[]> {
  const { rows } = await db.query<Document>(
    `SELECT d.id, d.name, d.kind, d.bytes::float8 AS bytes, d.created_at AS "createdAt", count(c.position)::int AS chunks,
       count(c.position) FILTER (WHERE c.embedding_model = $2)::int AS embedded
     FROM documents d LEFT JOIN chunks c ON c.document_id = d.id
     WHERE d.user_id = $1 GROUP BY d.id ORDER BY d.created_at DESC, d.id LIMIT 500`,
    [userId, model],
  );
  return rows;
}

export async function countDocuments(db: Queryable, userId: string): Promise<number> {
  const { rows } = await db.query<{ n: number }>("SELECT count(*)::int AS n FROM documents WHERE user_id = $1", [userId]);
  return rows[0]?.n ?? 0;
}

export async function insertDocument(
  db: Queryable,
  { id, userId, name, kind, bytes }: { id: string; userId: string; name: string; kind: DocumentKind; bytes: number },
): Promise<void> {
  const sql = "INSERT INTO documents (id, user_id, name, kind, bytes) VALUES ($1, $2, $3, $4, $5)";
  await db.query(sql, [id, userId, name, kind, bytes]);
}

/** Deletes a document with its chunks. False when it is not this person's. */
export async function deleteDocument(db: Queryable, userId: string, id: string): Promise<boolean> {
  const { rowCount } = await db.query("DELETE FROM documents WHERE id = $1 AND user_id = $2", [id, userId]);
  return (rowCount ?? 0) > 0;
}

/** On whose account a document is embedded; null: it was deleted meanwhile, or its owner is disabled. */
export async function ownerOfDocument(db: Queryable, id: string): Promise<{ userId: string; tenant: string } | null> {
  const { rows } = await db.query<{ userId: string; tenant: string }>(
    `SELECT u.id AS "userId", u.tenant FROM documents d JOIN users u ON u.id = d.user_id AND u.disabled_at IS NULL WHERE d.id = $1`,
    [id],
  );
  return rows[0] ?? null;
}

/** Asks for the embedding of every document with chunks that this model has not seen. Returns how many. */
export async function embedMissing(db: Queryable, model: string): Promise<number> {
  const { rows } = await db.query<{ id: string }>(
    "SELECT DISTINCT document_id AS id FROM chunks WHERE embedding_model IS DISTINCT FROM $1 LIMIT 1000",
    [model],
  );
  for (const { id } of rows) await enqueue(db, "document-embed", id, { documentId: id });
  return rows.length;
}

/**
 * Forgets a person's embeddings of another dimension and asks for them anew: the model behind the name is another one by now.
 * Returns how many documents are concerned.
 */
export async function forgetOtherDimensions(db: Queryable, userId: string, model: string, dimension: number): Promise<number> {
  const { rows } = await db.query<{ id: string }>(
    `WITH stale AS (
       UPDATE chunks c SET embedding = NULL, embedding_model = NULL FROM documents d
       WHERE d.id = c.document_id AND d.user_id = $1 AND c.embedding_model = $2 AND cardinality(c.embedding) <> $3
       RETURNING c.document_id
     )
     SELECT DISTINCT document_id AS id FROM stale`,
    [userId, model, dimension],
  );
  for (const { id } of rows) await enqueue(db, "document-embed", id, { documentId: id });
  return rows.length;
}
