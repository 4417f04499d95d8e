import { hash, randomBytes, randomUUID, timingSafeEqual } from "node:crypto";
import { BusyCache } from "../busy-cache.ts";
import { batched } from "../db/batch.ts";
import type { Queryable } from "../db/pool.ts";
import { defaultScopes, type Scope } from "./scopes.ts";
import type { User } from "./users.ts";

/** A new key: `apiKey` is shown once and not stored. */
export interface NewApiKey {
  readonly id: string;
  readonly apiKey: string;
}

/** A key as its bearer is judged by. */
export interface KeyGrant {
  readonly id: string;
  readonly scopes: readonly Scope[];
  /** Null: the installation's limit. */
  readonly requestsPerMinute: number | null;
  /** Null: the installation's limit. */
  readonly tokensPerMinute: number | null;
}

export interface ApiKeyOptions {
  readonly userId: string;
  readonly name: string;
  /** Null: it does not expire. */
  readonly ttlSeconds: number | null;
  /** @default chat and embeddings */
  readonly scopes?: readonly Scope[];
  /** @default null: the installation's */
  readonly requestsPerMinute?: number | null;
  /** @default null: the installation's */
  readonly tokensPerMinute?: number | null;
}

const shape = /^fidus_([0-9a-f]{12})_([A-Za-z0-9_-]{43})$/;

/** Splits `fidus_<prefix>_<secret>`; null for anything else. The prefix only finds the row. */
export function parseApiKey(text: string): { prefix: string; secret: string } | null {
  const [, prefix, secret] = shape.exec(text) ?? [];
  return prefix === undefined || secret === undefined ? null : { prefix, secret };
}

/** SHA-256: enough for a secret of 32 random bytes, which nobody can guess through a fast hash. */
export function hashSecret(secret: string): Buffer {
  return hash("sha256", secret, "buffer");
}

/** Makes and stores a key. */
export async function createApiKey(
  db: Queryable,
  { userId, name, ttlSeconds, scopes = defaultScopes, requestsPerMinute = null, tokensPerMinute = null }: ApiKeyOptions,
): Promise<NewApiKey> {
  const id = randomUUID();
  const prefix = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  await db.query(
    `INSERT INTO api_keys (id, user_id, name, prefix, secret_hash, expires_at, scopes, requests_per_minute,
       tokens_per_minute)
     VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6), $7, $8, $9)`,
    [id, userId, name, prefix, hashSecret(secret), ttlSeconds, scopes, requestsPerMinute, tokensPerMinute],
  );
  return { id, apiKey: `fidus_${prefix}_${secret}` };
}

/** A key as people see it: never the secret. */
export interface ApiKeySummary {
  readonly id: string;
  readonly userId: string;
  readonly email: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly Scope[];
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly createdAt: Date;
  readonly expiresAt: Date | null;
  readonly revokedAt: Date | null;
  readonly lastUsedAt: Date | null;
}

/** Keys of a person, or of everybody; latest first, 1,000 at most. */
export async function listApiKeys(db: Queryable, userId: string | null = null): Promise<ApiKeySummary[]> {
  const { rows } = await db.query<ApiKeySummary>(
    `SELECT k.id, k.user_id AS "userId", u.email, k.name, k.prefix, k.scopes, k.requests_per_minute AS "requestsPerMinute",
       k.tokens_per_minute AS "tokensPerMinute", k.created_at AS "createdAt", k.expires_at AS "expiresAt", k.revoked_at AS "revokedAt", k.last_used_at AS "lastUsedAt"
     FROM api_keys k JOIN users u ON u.id = k.user_id
     WHERE $1::uuid IS NULL OR k.user_id = $1 ORDER BY k.created_at DESC LIMIT 1000`,
    [userId],
  );
  return rows;
}

/** Revokes a key at once: anybody's, or only one of this person. False when there is none with this id. */
export async function revokeApiKey(db: Queryable, id: string, userId: string | null = null): Promise<boolean> {
  const { rowCount } = await db.query(
    "UPDATE api_keys SET revoked_at = coalesce(revoked_at, now()) WHERE id = $1 AND ($2::uuid IS NULL OR user_id = $2)",
    [id, userId],
  );
  return (rowCount ?? 0) > 0;
}

/** Longest time that a key is believed without being looked up. */
const believedMs = 500;

interface KeyRow extends User {
  readonly keyId: string;
  readonly prefix: string;
  readonly scopes: Scope[];
  readonly requestsPerMinute: number | null;
  readonly tokensPerMinute: number | null;
  readonly secretHash: Buffer;
  /** Until it expires; null: never. */
  readonly validMs: number | null;
  /** Not yet written down as used in the last minute. */
  stale: boolean;
}

/** The person a key belongs to, and what the key may. */
export interface KeyOwner {
  readonly user: User;
  readonly key: KeyGrant;
}

/**
 * Finds who a key belongs to, null for a key that is not valid; those asked for at the same time in one query. What was found for a
 * busy key is believed for half a second: so long it outlives its revocation, and what is changed of its owner.
 */
export function createKeyLookup(db: Queryable): (text: string) => Promise<KeyOwner | null> {
  const busy = new BusyCache<KeyRow>();
  const rowOf = batched<string, KeyRow | null>(async (prefixes) => {
    const asked = performance.now();
    // Named: every request asks this, and need not have it parsed and planned each time.
    const { rows } = await db.query<KeyRow>({
      name: "owners_of_api_keys",
      text: `SELECT u.id, u.email, u.name, u.role, u.tenant, k.id AS "keyId", k.prefix, k.scopes, k.secret_hash AS "secretHash",
              k.requests_per_minute AS "requestsPerMinute", k.tokens_per_minute AS "tokensPerMinute",
              extract(epoch FROM k.expires_at - now())::float8 * 1000 AS "validMs",
              (k.last_used_at IS NULL OR k.last_used_at < now() - interval '1 minute') AS stale
       FROM api_keys k JOIN users u ON u.id = k.user_id AND u.disabled_at IS NULL
       WHERE k.prefix = ANY($1) AND k.revoked_at IS NULL AND (k.expires_at IS NULL OR k.expires_at > now())`,
      values: [[...new Set(prefixes)]],
    });
    const found = new Map(rows.map((row) => [row.prefix, row]));
    for (const [prefix, row] of found) busy.set(prefix, row, asked + Math.min(row.validMs ?? Infinity, believedMs));
    return prefixes.map((prefix) => found.get(prefix) ?? null);
  });
  return async (text) => {
    const parsed = parseApiKey(text);
    if (parsed === null) return null;
    const row = busy.get(parsed.prefix) ?? (await rowOf(parsed.prefix));
    if (row === null || !timingSafeEqual(row.secretHash, hashSecret(parsed.secret))) return null;
    if (row.stale) {
      // At most one write a minute and key: "last used" is for people, not worth a write per request.
      row.stale = false;
      await db.query("UPDATE api_keys SET last_used_at = now() WHERE id = $1", [row.keyId]);
    }
    const { id, email, name, role, tenant, keyId, scopes, requestsPerMinute, tokensPerMinute } = row;
    return { user: { id, email, name, role, tenant }, key: { id: keyId, scopes, requestsPerMinute, tokensPerMinute } };
  };
}
