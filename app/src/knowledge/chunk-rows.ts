import type { Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import type { Sealer } from "../privacy/seal.ts";
import type { EmbedContext } from "./embed.ts";

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
  /** 1 is the document's first. */
  readonly position: number;
  /** Cosine similarity to the question, -1 to 1. */
  readonly score: number;
}

// The texts of chunks pass through this file alone, sealed for their owner.

/** What binds a sealed chunk to its row. */
const rowOf = (documentId: string, position: number): string => `${documentId} ${position}`;

interface SealedChunk {
  readonly documentId: string;
  readonly position: number;
  readonly sealed: Buffer;
}

function openChunk(sealer: Sealer, { documentId, position, sealed }: SealedChunk): string {
  return sealer.open("chunks.content", rowOf(documentId, position), sealed);
}

export async function writeChunks(db: Queryable, sealer: Sealer, documentId: string, chunks: readonly Chunk[]): Promise<void> {
  const sealed = chunks.map(({ content }, index) => sealer.seal("chunks.content", rowOf(documentId, index + 1), content));
  await db.query(
    `INSERT INTO chunks (document_id, position, place, content_sealed)
     SELECT $1, n, place, sealed FROM unnest($2::text[], $3::bytea[]) WITH ORDINALITY AS t (place, sealed, n)`,
    [documentId, chunks.map(({ place }) => place), sealed],
  );
}

/** All of a document, in order. */
export async function readChunks(db: Queryable, sealer: Sealer, documentId: string): Promise<Chunk[]> {
  const { rows } = await db.query<SealedChunk & { place: string }>(
    `SELECT document_id AS "documentId", position, place, content_sealed AS sealed FROM chunks
     WHERE document_id = $1 ORDER BY position`,
    [documentId],
  );
  return rows.map((row) => ({ place: row.place, content: openChunk(sealer, row) }));
}

/** One chunk of a person's own document; null when there is none. */
export async function readChunk(
  { db, dataKeys }: Pick<EmbedContext, "db" | "dataKeys">,
  userId: string,
  { documentId, position }: { readonly documentId: string; readonly position: number },
): Promise<Chunk | null> {
  const { rows } = await db.query<SealedChunk & { place: string }>(
    `SELECT c.document_id AS "documentId", c.position, c.place, c.content_sealed AS sealed
     FROM chunks c JOIN documents d ON d.id = c.document_id
     WHERE d.user_id = $1 AND c.document_id = $2 AND c.position = $3`,
    [userId, documentId, position],
  );
  const [row] = rows;
  return row === undefined ? null : { place: row.place, content: openChunk(await dataKeys.of(userId), row) };
}

/** The next chunks of a document without an embedding by this model, in their order. */
export async function readUnembedded(
  db: Queryable,
  sealer: Sealer,
  documentId: string,
  { model, limit }: { readonly model: string; readonly limit: number },
): Promise<UnembeddedChunk[]> {
  const { rows } = await db.query<SealedChunk>(
    `SELECT document_id AS "documentId", position, content_sealed AS sealed FROM chunks
     WHERE document_id = $1 AND embedding_model IS DISTINCT FROM $2 ORDER BY position LIMIT $3`,
    [documentId, model, limit],
  );
  return rows.map((row) => ({ position: row.position, content: openChunk(sealer, row) }));
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
  { db, dataKeys }: Pick<EmbedContext, "db" | "dataKeys">,
  userId: string,
  { model, vector, limit }: { model: string; vector: readonly number[]; limit: number },
): Promise<FoundChunk[]> {
  const { rows: extension } = await db.query("SELECT 1 FROM pg_extension WHERE extname = 'vector'");
  if (extension.length === 0) throw new AppError("knowledge_away", { cause: new Error("PostgreSQL lacks the extension vector") });
  const { rows } = await db.query<Omit<FoundChunk, "content"> & SealedChunk>(
    `SELECT d.id AS "documentId", d.name, c.position, c.place, c.content_sealed AS sealed, 1 - (c.embedding::vector <=> $2::real[]::vector) AS score
     FROM documents d JOIN chunks c ON c.document_id = d.id
     WHERE d.user_id = $1 AND c.embedding_model = $3 AND cardinality(c.embedding) = $4
     ORDER BY c.embedding::vector <=> $2::real[]::vector, d.id, c.position LIMIT $5`,
    [userId, vector, model, vector.length, limit],
  );
  const sealer = await dataKeys.of(userId);
  return rows.map((row) => {
    const { documentId, name, position, place, score } = row;
    return { documentId, name, position, place, content: openChunk(sealer, row), score };
  });
}
