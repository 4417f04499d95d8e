import { generateKeySync } from "node:crypto";
import type { Queryable } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import type { KeyRing } from "./ring.ts";
import { Sealer } from "./seal.ts";

/** How long an opened key is kept in memory, and how many. */
const keepMs = 60_000;
const keepAtMost = 10_000;

interface KeyRow {
  readonly keyId: string | null;
  readonly wrapped: Buffer | null;
}

/** Each person's own key: made when first needed, stored wrapped, kept opened in memory for a minute. */
export class DataKeys {
  readonly #db: Queryable;
  readonly #ring: KeyRing;
  readonly #opened = new Map<string, { readonly sealer: Promise<Sealer>; readonly until: number }>();

  constructor(db: Queryable, ring: KeyRing) {
    this.#db = db;
    this.#ring = ring;
  }

  /**
   * What seals and opens a person's rows. Asks PostgreSQL on a connection of its own: call it before a transaction.
   * @throws AppError not_found (the person was erased), MissingRingKeyError, SealError
   */
  of(userId: string): Promise<Sealer> {
    const now = performance.now();
    const known = this.#opened.get(userId);
    if (known !== undefined && known.until > now) return known.sealer;
    const sealer = this.#read(userId);
    this.#opened.delete(userId);
    this.#opened.set(userId, { sealer, until: now + keepMs });
    sealer.catch(() => this.forget(userId));
    for (const oldest of this.#opened.keys()) {
      if (this.#opened.size <= keepAtMost) break;
      this.#opened.delete(oldest);
    }
    return sealer;
  }

  /** Drops an opened key from memory. */
  forget(userId: string): void {
    this.#opened.delete(userId);
  }

  async #read(userId: string): Promise<Sealer> {
    const row = (await this.#stored(userId)) ?? (await this.#make(userId));
    if (row === null || row.keyId === null || row.wrapped === null) throw new AppError("not_found");
    return new Sealer(this.#ring.unwrap(userId, { keyId: row.keyId, wrapped: row.wrapped }), userId);
  }

  async #stored(userId: string): Promise<KeyRow | null> {
    const { rows } = await this.#db.query<KeyRow>(
      `SELECT key_id AS "keyId", wrapped FROM fidus_keys.data_keys WHERE user_id = $1`,
      [userId],
    );
    return rows[0] ?? null;
  }

  /** Of two replicas that make one at the same time the first wins: what is stored is read again. */
  async #make(userId: string): Promise<KeyRow | null> {
    const { keyId, wrapped } = this.#ring.wrap(userId, generateKeySync("aes", { length: 256 }));
    await this.#db.query(
      "INSERT INTO fidus_keys.data_keys (user_id, key_id, wrapped) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
      [userId, keyId, wrapped],
    );
    return this.#stored(userId);
  }
}
