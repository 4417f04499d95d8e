import { createHmac, randomBytes, randomUUID } from "node:crypto";
import type { Queryable } from "../db/pool.ts";
import type { User } from "./users.ts";

/** How long a sign-in lasts. */
export const sessionSeconds = 7 * 24 * 3600;

/** A sign-in as its owner sees it. */
export interface SessionSummary {
  readonly id: string;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly lastUsedAt: Date | null;
  /** What the browser called itself. */
  readonly userAgent: string | null;
  /** True: the one that asks. */
  readonly current: boolean;
}

/**
 * Sign-ins as rows: revocable, and the token itself is stored nowhere. Its hash is keyed with the session secret,
 * so rows written by someone else are worthless, and a new secret ends every session.
 */
export class Sessions {
  readonly #db: Queryable;
  readonly #secret: string;

  constructor(db: Queryable, secret: string) {
    this.#db = db;
    this.#secret = secret;
  }

  /** Starts a session and returns its token for the cookie. */
  async create(userId: string, userAgent: string | null = null): Promise<string> {
    const token = randomBytes(32).toString("base64url");
    await this.#db.query(
      `INSERT INTO sessions (id, user_id, token_hash, expires_at, user_agent)
       VALUES ($1, $2, $3, now() + make_interval(secs => $4), left($5, 200))`,
      [randomUUID(), userId, this.#hash(token), sessionSeconds, userAgent?.replaceAll("\0", "") ?? null],
    );
    return token;
  }

  /** The signed-in person, or null when the token is unknown, expired or revoked, or the account is disabled. */
  async user(token: string): Promise<User | null> {
    const { rows } = await this.#db.query<User & { sessionId: string; stale: boolean }>({
      name: "user_of_session",
      text: `SELECT u.id, u.email, u.name, u.role, u.tenant, s.id AS "sessionId",
              (s.last_used_at IS NULL OR s.last_used_at < now() - interval '1 minute') AS stale
       FROM sessions s JOIN users u ON u.id = s.user_id
       WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > now() AND u.disabled_at IS NULL`,
      values: [this.#hash(token)],
    });
    const row = rows[0];
    if (row === undefined) return null;
    if (row.stale) await this.#db.query("UPDATE sessions SET last_used_at = now() WHERE id = $1", [row.sessionId]);
    const { id, email, name, role, tenant } = row;
    return { id, email, name, role, tenant };
  }

  /** Open sessions of a person, latest first; `token` marks the one that asks. */
  async list(userId: string, token: string | null = null): Promise<SessionSummary[]> {
    const { rows } = await this.#db.query<SessionSummary>(
      `SELECT id, created_at AS "createdAt", expires_at AS "expiresAt", last_used_at AS "lastUsedAt", user_agent AS "userAgent",
              coalesce(token_hash = $2, false) AS current
       FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > now() ORDER BY created_at DESC`,
      [userId, token === null ? null : this.#hash(token)],
    );
    return rows;
  }

  /** Ends sessions of a person: one, or all of them. Returns how many were open. */
  async revokeOf(userId: string, id: string | null = null, db: Queryable = this.#db): Promise<number> {
    const { rowCount } = await db.query(
      "UPDATE sessions SET revoked_at = now() WHERE user_id = $1 AND ($2::uuid IS NULL OR id = $2) AND revoked_at IS NULL AND expires_at > now()",
      [userId, id],
    );
    return rowCount ?? 0;
  }

  /** Ends one session; unknown tokens are ignored. */
  async revoke(token: string): Promise<void> {
    await this.#db.query("UPDATE sessions SET revoked_at = now() WHERE token_hash = $1 AND revoked_at IS NULL", [
      this.#hash(token),
    ]);
  }

  #hash(token: string): Buffer {
    return createHmac("sha256", this.#secret).update(token).digest();
  }
}
