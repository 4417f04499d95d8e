import type { Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";

/** A piece of a document, and where in it it stands, e.g. "page 3" or "lines 10–24". */
export interface Chunk {
  readonly place: string;
  readonly content: string;
}

/** A chunk that is to be embedded. */
export interface UnembeddedChunk {
  readonly position: number;
  readonly content: string;
}

/** A chunk that a search found. */
export interface FoundChunk extends Chunk {
  readonly documentId: string;
  readonly name: string;
  /** Cosine similarity to the question, -1 to 1. */
  readonly score: number;
}

// The texts of chunks pass through this file alone, so that they can be sealed in one place.

export async function writeChunks(db: Queryable, documentId: string, chunks: readonly Chunk[]): Promise<void> {
  await db.query(
    `INSERT INTO chunks (document_id, position, place, content)
     SELECT $1, n, place, content FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS t (place, content, n)`,
    [documentId, chunks.map(({ place }) => place), chunks.map(({ content }) => content)],
  );
}

/** The next chunks of a document without an embedding by this model, in their order. */
export async function readUnembedded(
  db: Queryable,
  documentId: string,
  model: string,
  limit: number,
): Promise<UnembeddedChunk[]> {
  const { rows } = await db.query<UnembeddedChunk>(
    `SELECT position, content FROM chunks WHERE document_id = $1 AND embedding_model IS DISTINCT FROM $2 ORDER BY position LIMIT $3`,
    [documentId, model, limit],
  );
  return rows;
}

export async function writeEmbedding(
  db: Queryable,
  documentId: string,
  position: number,
  { model, vector }: { model: string; vector: readonly number[] },
): Promise<void> {
  await db.query("UPDATE chunks SET embedding = $3, embedding_model = $4 WHERE document_id = $1 AND position = $2", [
    documentId,
    position,
    vector,
    model,
  ]);
}

/** The chunks of a person's documents that are nearest to a vector, nearest first. @throws AppError knowledge_away without pgvector */
export async function nearestChunks(
  db: Queryable,
  userId: string,
  { model, vector, limit }: { model: string; vector: readonly number[]; limit: number },
): Promise<FoundChunk[]> {
  const { rows: extension } = await db.query("SELECT 1 FROM pg_extension WHERE extname = 'vector'");
  if (extension.length === 0) throw new AppError("knowledge_away", { cause: new Error("PostgreSQL lacks the extension vector") });
  const { rows } = await db.query<FoundChunk>(
    `SELECT d.id AS "documentId", d.name, c.place, c.content, 1 - (c.embedding::vector <=> $2::real[]::vector) AS score
     FROM documents d JOIN chunks c ON c.document_id = d.id
     WHERE d.user_id = $1 AND c.embedding_model = $3 AND cardinality(c.embedding) = $4
     ORDER BY c.embedding::vector <=> $2::real[]::vector, d.id, c.position LIMIT $5`,
    [userId, vector, model, vector.length, limit],
  );
  return rows;
}
