import { createHmac, randomBytes, randomUUID } from "node:crypto";
import type { Queryable } from "../db/pool.ts";
import type { User } from "./users.ts";

/** How long a sign-in lasts. */
export const sessionSeconds = 7 * 24 * 3600;

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
  async create(userId: string): Promise<string> {
    const token = randomBytes(32).toString("base64url");
    await this.#db.query(
      "INSERT INTO sessions (id, user_id, token_hash, expires_at) VALUES ($1, $2, $3, now() + make_interval(secs => $4))",
      [randomUUID(), userId, this.#hash(token), sessionSeconds],
    );
    return token;
  }

  /** The signed-in person, or null when the token is unknown, expired or revoked, or the account is disabled. */
  async user(token: string): Promise<User | null> {
    const { rows } = await this.#db.query<User>(
      `SELECT u.id, u.email, u.name, u.role FROM sessions s JOIN users u ON u.id = s.user_id
       WHERE s.token_hash = $1 AND s.revoked_at IS NULL AND s.expires_at > now() AND u.disabled_at IS NULL`,
      [this.#hash(token)],
    );
    return rows[0] ?? null;
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
