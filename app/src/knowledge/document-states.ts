import type { Queryable } from "../db/pool.ts";
import type { Document } from "./documents.ts";

/** How far a document is: `failed` says that the last attempt did not succeed; the worker goes on trying. */
export type DocumentState = "queued" | "embedding" | "ready" | "failed";

/** The latest job of a document. */
interface EmbedJob {
  readonly state: string;
  readonly retries: number;
}

/** The documents with their states: what is embedded already says `ready`, the queue says the rest. */
export async function withStates(
  db: Queryable,
  documents: readonly Document[],
): Promise<(Document & { readonly state: DocumentState })[]> {
  const unready = documents.filter(({ chunks, embedded }) => embedded < chunks).map(({ id }) => id);
  const jobs = unready.length === 0 ? new Map<string, EmbedJob>() : await latestJobs(db, unready);
  return documents.map((document) => ({ ...document, state: stateOf(document, jobs.get(document.id)) }));
}

async function latestJobs(db: Queryable, ids: readonly string[]): Promise<Map<string, EmbedJob>> {
  const { rows } = await db.query<EmbedJob & { id: string }>(
    `SELECT DISTINCT ON (singleton_key) singleton_key AS id, state::text, retry_count AS retries FROM jobs.job
     WHERE name = 'document-embed' AND singleton_key = ANY($1) ORDER BY singleton_key, created_on DESC`,
    [ids],
  );
  return new Map(rows.map((row) => [row.id, row]));
}

/** A job that is done without having embedded everything was given up: another attempt would have met the same. */
export function stateOf({ chunks, embedded }: Pick<Document, "chunks" | "embedded">, job: EmbedJob | undefined): DocumentState {
  if (embedded >= chunks) return "ready";
  if (job === undefined) return "queued";
  const waits = job.state === "created" || job.state === "active";
  if (!waits || job.retries > 0) return "failed";
  return job.state === "active" || embedded > 0 ? "embedding" : "queued";
}
