import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** The keys of one tenant: Redis sees neither what was asked nor what was answered, and no tenant's key opens another one's answers. */
export class TenantSeal {
  readonly #naming: Buffer;
  readonly #sealing: Buffer;

  constructor(secret: string, tenant: string) {
    const derive = (use: string): Buffer =>
      Buffer.from(hkdfSync("sha256", secret, "", `fidus response cache ${use}\0${tenant}`, 32));
    this.#naming = derive("names");
    this.#sealing = derive("answers");
  }

  /** The name under which something is kept: nobody without the key can guess what it was. */
  name(...parts: readonly (string | Buffer)[]): string {
    const hmac = createHmac("sha256", this.#naming);
    for (const part of parts) hmac.update(`${Buffer.byteLength(part)}:`).update(part);
    return hmac.digest("base64url");
  }

  /** @param name bound to the content: it opens under no other one */
  seal(name: string, content: Buffer): Buffer {
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, this.#sealing, nonce).setAAD(Buffer.from(name));
    const sealed = Buffer.concat([cipher.update(content), cipher.final()]);
    return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
  }

  /** Null: it is not what was sealed under this name. */
  open(name: string, sealed: Buffer): Buffer | null {
    if (sealed.length < nonceBytes + tagBytes) return null;
    const decipher = createDecipheriv(algorithm, this.#sealing, sealed.subarray(0, nonceBytes)).setAAD(Buffer.from(name));
    decipher.setAuthTag(sealed.subarray(nonceBytes, nonceBytes + tagBytes));
    try {
      return Buffer.concat([decipher.update(sealed.subarray(nonceBytes + tagBytes)), decipher.final()]);
    } catch {
      return null;
    }
  }
}
