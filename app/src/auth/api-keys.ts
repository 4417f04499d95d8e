import { createHash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import type { Queryable } from "../db/pool.ts";
import type { User } from "./users.ts";

/** A new key: `apiKey` is shown once and not stored. */
export interface NewApiKey {
  readonly id: string;
  readonly apiKey: string;
}

const shape = /^fidus_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** Splits `fidus_<prefix>_<secret>`; null for anything else. The prefix only finds the row. */
export function parseApiKey(text: string): { prefix: string; secret: string } | null {
  const [, prefix, secret] = shape.exec(text) ?? [];
  return prefix === undefined || secret === undefined ? null : { prefix, secret };
}

/** SHA-256: enough for a secret of 32 random bytes, which nobody can guess through a fast hash. */
export function hashSecret(secret: string): Buffer {
  return createHash("sha256").update(secret).digest();
}

/** Makes and stores a key. `ttlSeconds` null: it does not expire. */
export async function createApiKey(
  db: Queryable,
  { userId, name, ttlSeconds }: { userId: string; name: string; ttlSeconds: number | null },
): Promise<NewApiKey> {
  const id = randomUUID();
  const prefix = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  await db.query(
    `INSERT INTO api_keys (id, user_id, name, prefix, secret_hash, expires_at)
     VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`,
    [id, userId, name, prefix, hashSecret(secret), ttlSeconds],
  );
  return { id, apiKey: `fidus_${prefix}_${secret}` };
}

/** Revokes a key at once. False when there is none with this id. */
export async function revokeApiKey(db: Queryable, id: string): Promise<boolean> {
  const { rowCount } = await db.query("UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1", [id]);
  return (rowCount ?? 0) > 0;
}

/** The key's owner, or null when the key is unknown, wrong, expired, revoked, or its owner is disabled. */
export async function userOfApiKey(db: Queryable, text: string): Promise<User | null> {
  const parsed = parseApiKey(text);
  if (parsed === null) return null;
  const { rows } = await db.query<User & { key_id: string; secret_hash: Buffer; stale: boolean }>(
    `SELECT u.id, u.email, u.name, u.role, k.id AS key_id, k.secret_hash,
            (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute') AS stale
     FROM api_keys k JOIN users u ON u.id = k.user_id AND u.disabled_at IS NULL
     WHERE k.prefix = $1 AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())`,
    [parsed.prefix],
  );
  const row = rows[0];
  if (row === undefined || !timingSafeEqual(row.secret_hash, hashSecret(parsed.secret))) return null;
  // At most one write a minute and key: "last used" is for people, not worth a write per request.
  if (row.stale) await db.query("UPDATE api_keys SET last_used_at = now() WHERE id = $1", [row.key_id]);
  return { id: row.id, email: row.email, name: row.name, role: row.role };
}
