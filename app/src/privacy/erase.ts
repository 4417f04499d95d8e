import { rm } from "node:fs/promises";
import { join } from "node:path";
import { audit } from "../admin/audit.ts";
import { transaction, type Db, type Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";

/** Who erases: a person, or the operator at the command line. */
export interface Eraser {
  readonly id: string | null;
  readonly email: string;
}

/** Where people's things are. */
export interface Holdings {
  readonly db: Db;
  /** Files that people uploaded, a folder each. */
  readonly uploadsFolder: string;
}

/**
 * Erases a person: first the data key, so that no copy of the rows opens any more, then files and rows. Killed in between, the
 * worker takes them within a minute. Costs stay in the ledger, without a name; the audit log keeps who erased whom.
 * @throws AppError not_found, last_admin
 */
export async function erasePerson(holdings: Holdings, userId: string, by: Eraser): Promise<void> {
  await transaction(holdings.db, async (client) => {
    // Locks all administrators: two who go at once must not leave nobody.
    await client.query("SELECT id FROM users WHERE role = 'admin' ORDER BY id FOR UPDATE");
    const { rows } = await client.query<{ email: string; role: string }>(
      "UPDATE users SET disabled_at = coalesce(disabled_at, now()) WHERE id = $1 RETURNING email, role",
      [userId],
    );
    const [person] = rows;
    if (person === undefined) throw new AppError("not_found");
    const left = await client.query("SELECT 1 FROM users WHERE role = 'admin' AND disabled_at IS NULL LIMIT 1");
    if (person.role === "admin" && left.rowCount === 0) throw new AppError("last_admin");
    await client.query(
      `INSERT INTO fidus_keys.data_keys (user_id, erased_at) VALUES ($1, now())
       ON CONFLICT (user_id) DO UPDATE SET key_id = NULL, wrapped = NULL, erased_at = now()`,
      [userId],
    );
    await audit(client, by, "user.erase", person.email);
  });
  await finishErasures(holdings);
}

/** Removes files and rows of people whose key is destroyed, also of those whom a restored backup brought back. Returns how many people. */
export function finishErasures({ db, uploadsFolder }: Holdings): Promise<number> {
  return transaction(db, async (client) => {
    const { rows } = await client.query<{ id: string }>(
      `SELECT u.id FROM users u JOIN fidus_keys.data_keys k ON k.user_id = u.id
       WHERE k.erased_at IS NOT NULL ORDER BY u.id FOR UPDATE OF u`,
    );
    for (const { id } of rows) {
      // Before the rows: killed in between, it is done again.
      await rm(join(uploadsFolder, id), { recursive: true, force: true });
      await removeRows(client, id);
    }
    return rows.length;
  });
}

/** Everything else that is the person's, documents and chunks too, goes with the row of `users`. */
async function removeRows(db: Queryable, userId: string): Promise<void> {
  await db.query("UPDATE usage_events SET key_id = NULL WHERE user_id = $1", [userId]);
  await db.query("DELETE FROM budgets WHERE kind = 'user' AND subject = $1::text", [userId]);
  await db.query("DELETE FROM budget_balances WHERE kind = 'user' AND subject = $1::text", [userId]);
  await db.query("DELETE FROM users WHERE id = $1", [userId]);
}
