import { readDatabaseUrl } from "../config.ts";
import type { Queryable } from "../db/pool.ts";
import type { Env } from "../env.ts";
import { print } from "./arguments.ts";
import { withDb } from "./with-db.ts";

/** An account, and how much is kept for it. */
export interface AccountSummary {
  readonly email: string;
  readonly role: string;
  readonly disabled: boolean;
  readonly createdAt: Date;
  readonly conversations: number;
  readonly documents: number;
  readonly keys: number;
}

/** Everybody's accounts, or one; oldest first. */
export async function readAccounts(db: Queryable, userId: string | null = null): Promise<AccountSummary[]> {
  const { rows } = await db.query<AccountSummary>(
    `SELECT u.email, u.role, u.disabled_at IS NOT NULL AS disabled, u.created_at AS "createdAt",
       (SELECT count(*)::int FROM conversations c WHERE c.user_id = u.id) AS conversations,
       (SELECT count(*)::int FROM documents d WHERE d.user_id = u.id) AS documents,
       (SELECT count(*)::int FROM api_keys k WHERE k.user_id = u.id) AS keys
     FROM users u WHERE $1::uuid IS NULL OR u.id = $1 ORDER BY u.created_at, u.id`,
    [userId],
  );
  return rows;
}

/** `admin list`: all accounts. */
export function listAccounts(env: Env, json: boolean): Promise<number> {
  return withDb(readDatabaseUrl(env), async (db) => {
    const accounts = await readAccounts(db);
    if (json) print({ accounts }, true);
    else for (const { email, role, disabled } of accounts) print({ [email]: disabled ? `${role}, disabled` : role }, false);
    return 0;
  });
}
