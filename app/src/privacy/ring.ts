import { createHash, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import { openBytes, sealBytes } from "./seal.ts";

/** A key of the ring. The id is derived, so that a ring is nothing but its secrets. */
interface RingKey {
  /** 12 hex digits; says nothing of the secret. */
  readonly id: string;
  readonly key: KeyObject;
}

/** A person's key as it is stored. */
export interface WrappedKey {
  readonly keyId: string;
  readonly wrapped: Buffer;
}

/** Thrown when the key that wrapped something is not in the ring (any more). */
export class MissingRingKeyError extends Error {
  constructor(keyId: string, ids: readonly string[]) {
    super(
      `ENCRYPTION_KEY: got the keys ${ids.join(", ")}; needs ${keyId} too: data keys are still wrapped by it. ` +
        "Put it back behind the others, and let the re-wrapping end first.",
    );
    this.name = "MissingRingKeyError";
  }
}

/** The installation's keys, newest first: the newest wraps, all of them unwrap. They wrap people's data keys and nothing else. */
export class KeyRing {
  readonly #keys: readonly RingKey[];
  readonly newest: RingKey;

  /** `secrets`: at least one, newest first, each of 32 or more random characters. */
  constructor(secrets: readonly string[]) {
    this.#keys = secrets.map(ringKey);
    const [newest] = this.#keys;
    if (newest === undefined) throw new Error("a key ring needs a key");
    this.newest = newest;
  }

  /** Ids, newest first. */
  get ids(): readonly string[] {
    return this.#keys.map(({ id }) => id);
  }

  wrap(userId: string, dataKey: KeyObject): WrappedKey {
    return { keyId: this.newest.id, wrapped: sealBytes(this.newest.key, placeOf(userId), dataKey.export()) };
  }

  /** @throws MissingRingKeyError, SealError */
  unwrap(userId: string, { keyId, wrapped }: WrappedKey): KeyObject {
    const found = this.#keys.find(({ id }) => id === keyId);
    if (found === undefined) throw new MissingRingKeyError(keyId, this.ids);
    return createSecretKey(openBytes(found.key, placeOf(userId), wrapped));
  }
}

function placeOf(userId: string): string {
  return `fidus_keys.data_keys ${userId}`;
}

/** Key and id come from the secret by separate ways: the id may be shown. */
function ringKey(secret: string): RingKey {
  const derive = (use: string): Buffer => Buffer.from(hkdfSync("sha256", secret, "fidus", use, 32));
  const id = createHash("sha256").update(derive("key id")).digest("hex").slice(0, 12);
  return { id, key: createSecretKey(derive("wrap data keys")) };
}
