import type { Sealer } from "../privacy/seal.ts";
import { readHistory, readSummary, type PlacedMessage } from "./history-rows.ts";
import type { Store } from "./store.ts";

/** On whose account background work asks, and which model: the one that answered last. */
export interface ConversationOwner {
  readonly userId: string;
  readonly tenant: string;
  readonly model: string;
}

/** A conversation as background work sees it. */
export interface ConversationForWork {
  readonly owner: ConversationOwner;
  /** Seals what its owner's rows hold. */
  readonly sealer: Sealer;
  /** True: somebody chose the title, or the model gave it. */
  readonly titled: boolean;
  readonly summary: string | null;
  /** What the summary does not hold, oldest first. */
  readonly messages: readonly PlacedMessage[];
}

/** A conversation for a job; null: it was deleted meanwhile, or its owner may not ask any more. */
export async function readForWork({ db, dataKeys }: Store, id: string): Promise<ConversationForWork | null> {
  const { rows } = await db.query<ConversationOwner & { titled: boolean }>(
    `SELECT c.user_id AS "userId", u.tenant, c.titled,
       (SELECT m.model FROM messages m WHERE m.conversation_id = c.id AND m.model IS NOT NULL ORDER BY m.position DESC LIMIT 1) AS model
     FROM conversations c JOIN users u ON u.id = c.user_id AND u.disabled_at IS NULL WHERE c.id = $1`,
    [id],
  );
  const row = rows[0];
  if (row?.model == null) return null;
  const { userId, tenant, model, titled } = row;
  const sealer = await dataKeys.of(userId);
  const summary = await readSummary(db, sealer, id);
  const messages = await readHistory(db, sealer, id, summary?.position ?? null);
  return { owner: { userId, tenant, model }, sealer, titled, summary: summary?.text ?? null, messages };
}
