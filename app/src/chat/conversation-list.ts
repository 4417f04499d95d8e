import { z } from "zod";
import type { Sealer } from "../privacy/seal.ts";
import type { StoredText } from "./history-rows.ts";
import type { ConversationSummary, Store } from "./store.ts";

/** Where a page ended: microseconds of the last row's change, and its id. */
const cursor = z.string().regex(/^\d{1,18}_[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/, "must be the `next` of a page before");

export const listQuery = z.object({
  q: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(500).default(500),
  after: cursor.optional(),
});

/** A page of conversations, latest first. `next`: null when nothing follows. */
export interface ConversationPage {
  readonly conversations: readonly ConversationSummary[];
  readonly next: string | null;
}

interface ListRow extends StoredText {
  readonly id: string;
  readonly updatedAt: Date;
  readonly at: string;
}

/** Conversations that a search opens at a time: what is in memory at once, and how long others wait for this process. */
const searchedAtOnce = 50;

/** Whether upper or lower case, and however it was composed, a text has one form to compare. */
export function comparable(text: string): string {
  const folded = text.normalize("NFKC").toUpperCase().toLowerCase();
  return /[^\S ]| {2}/.test(folded) ? folded.replace(/\s+/g, " ") : folded;
}

/** A page of a person's conversations; with `q`, of those that hold it in title or messages, in any case. */
export async function listConversations(
  store: Store,
  userId: string,
  { q = "", limit, after }: z.output<typeof listQuery>,
): Promise<ConversationPage> {
  const sealer = await store.dataKeys.of(userId);
  const wanted = comparable(q).trim();
  const found: ConversationSummary[] = [];
  let from = after ?? null;
  const atOnce = wanted === "" ? limit : searchedAtOnce;
  for (;;) {
    const rows = await readRows(store, userId, from, atOnce);
    const holding = wanted === "" ? null : await holders(store, sealer, rows, wanted);
    for (const row of rows) {
      from = `${row.at}_${row.id}`;
      const title = sealer.read("conversations.title", row.id, row);
      if (holding !== null && !holding.has(row.id) && !comparable(title).includes(wanted)) continue;
      found.push({ id: row.id, title, updatedAt: row.updatedAt });
      if (found.length === limit) break;
    }
    if (found.length === limit) return { conversations: found, next: from };
    if (rows.length < atOnce) return { conversations: found, next: null };
  }
}

async function readRows({ db }: Store, userId: string, after: string | null, limit: number): Promise<ListRow[]> {
  const [at = null, id = null] = after?.split("_") ?? [];
  const { rows } = await db.query<ListRow>(
    `SELECT id, title AS plain, title_sealed AS sealed, updated_at AS "updatedAt",
       (extract(epoch FROM updated_at) * 1000000)::bigint::text AS at
     FROM conversations WHERE user_id = $1
       AND ($2::bigint IS NULL OR (updated_at, id) < (timestamptz 'epoch' + $2::bigint * interval '1 microsecond', $3::uuid))
     ORDER BY updated_at DESC, id DESC LIMIT $4`,
    [userId, at, id, limit],
  );
  return rows;
}

/** Those of the conversations in whose messages the text stands. One row a conversation: a row a message would cost as much again. */
async function holders({ db }: Store, sealer: Sealer, conversations: readonly ListRow[], wanted: string): Promise<Set<string>> {
  const { rows } = await db.query<{ id: string; packed: Buffer | null; plain: string | null }>(
    `SELECT conversation_id AS id, string_agg(nullif(content, ''), E'\\x01') AS plain,
       string_agg(uuid_send(id) || int4send(octet_length(content_sealed)) || content_sealed, '') AS packed
     FROM messages WHERE conversation_id = ANY ($1) GROUP BY conversation_id`,
    [conversations.map(({ id }) => id)],
  );
  const found = new Set<string>();
  for (const { id, packed, plain } of rows) {
    const inPlain = plain !== null && comparable(plain).includes(wanted);
    if (inPlain || (packed !== null && inSealed(sealer, packed, wanted))) found.add(id);
  }
  return found;
}

/** `packed`: for each message its id, the length of what is sealed, and that. */
function inSealed(sealer: Sealer, packed: Buffer, wanted: string): boolean {
  for (let at = 0; at < packed.length;) {
    const id = packed.toString("hex", at, at + 16).replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
    const end = at + 20 + packed.readInt32BE(at + 16);
    if (comparable(sealer.open("messages.content", id, packed.subarray(at + 20, end))).includes(wanted)) return true;
    at = end;
  }
  return false;
}
