import type { Db } from "../db/pool.ts";
import type { Gateway } from "./gateway.ts";

/** True when this person allowed models that run outside the house; not asked where there are none. */
export async function cloudAllowed({ db, gateway }: { db: Db; gateway: Gateway }, userId: string): Promise<boolean> {
  if (!gateway.hasCloud) return true;
  const { rows } = await db.query<{ cloud_allowed: boolean }>("SELECT cloud_allowed FROM users WHERE id = $1", [userId]);
  return rows[0]?.cloud_allowed ?? false;
}

/** Keeps what this person decided. */
export async function allowCloud(db: Db, userId: string, allowed: boolean): Promise<void> {
  await db.query("UPDATE users SET cloud_allowed = $2 WHERE id = $1", [userId, allowed]);
}
