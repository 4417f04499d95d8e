import type { Queryable } from "../db/pool.ts";
import type { User } from "../auth/users.ts";

/** A change somebody made, as it was written with the change. */
export interface AuditEntry {
  readonly id: string;
  readonly at: Date;
  /** E-mail of who did it. */
  readonly actor: string;
  /** What was done, like `user.change`. */
  readonly action: string;
  /** What it was done to. */
  readonly target: string;
  readonly detail: unknown;
}

/** Writes an entry; to be called in the transaction of the change. `detail` never holds a secret. */
export async function audit(
  db: Queryable,
  actor: { readonly id: User["id"] | null; readonly email: string },
  action: string,
  target: string,
  detail: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await db.query("INSERT INTO audit_log (actor_id, actor, action, target, detail) VALUES ($1, $2, $3, $4, $5)", [
    actor.id,
    actor.email,
    action,
    target,
    JSON.stringify(detail),
  ]);
}

/** Entries before an id (null: the latest), latest first, 200 at most. */
export async function readAudit(db: Queryable, before: string | null): Promise<AuditEntry[]> {
  const { rows } = await db.query<AuditEntry>(
    `SELECT id, at, actor, action, target, detail FROM audit_log WHERE $1::bigint IS NULL OR id < $1 ORDER BY id DESC LIMIT 200`,
    [before],
  );
  return rows;
}
