import type { Queryable } from "../db/pool.ts";
import type { User } from "../auth/users.ts";

/** All that is ever written down. */
export const auditActions = [
  "user.create",
  "user.change",
  "user.password",
  "user.end_sessions",
  "user.export",
  "user.erase",
  "key.revoke",
  "budget.set",
  "budget.remove",
  "trial.set",
  "trial.remove",
] as const;
export type AuditAction = (typeof auditActions)[number];

/** A change somebody made, as it was written with the change. */
export interface AuditEntry {
  readonly id: string;
  readonly at: Date;
  /** E-mail of who did it. */
  readonly actor: string;
  readonly action: AuditAction;
  /** What it was done to. */
  readonly target: string;
  readonly detail: unknown;
}

/** Writes an entry; to be called in the transaction of the change. `detail` never holds a secret. */
export async function audit(
  db: Queryable,
  actor: { readonly id: User["id"] | null; readonly email: string },
  action: AuditAction,
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

/** Which entries are asked for; null: all. */
export interface AuditFilter {
  /** Part of an address, in any case: of who did it, or whom it was done to. */
  readonly person: string | null;
  readonly action: AuditAction | null;
  /** Id that all entries come before. */
  readonly before: string | null;
}

export interface AuditPage {
  /** Latest first. */
  readonly entries: readonly AuditEntry[];
  /** What the following page comes before; null: there is none. */
  readonly next: string | null;
}

/** Entries of one page. */
const pageSize = 100;

export async function readAudit(db: Queryable, { person, action, before }: AuditFilter): Promise<AuditPage> {
  const { rows } = await db.query<AuditEntry>(
    `SELECT id, at, actor, action, target, detail FROM audit_log
     WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR action = $2)
       AND ($3::text IS NULL OR strpos(lower(actor), lower($3)) > 0 OR strpos(lower(target), lower($3)) > 0)
     ORDER BY id DESC LIMIT $4`,
    [before, action, person, pageSize + 1],
  );
  const entries = rows.slice(0, pageSize);
  return { entries, next: rows.length > pageSize ? (entries.at(-1)?.id ?? null) : null };
}
