import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from "node:crypto";
import { ivLength, SealError, tagLength, version } from "./seal-form.ts";
import { openStream, sealStream } from "./seal-stream.ts";

/** Columns that hold sealed text. The name is part of the seal: what is moved elsewhere does not open. */
export type SealedColumn = "conversations.title" | "conversations.summary" | "messages.content" | "chunks.content";

/** AES-256-GCM. Shape: version, 12 random bytes, ciphertext, 16 bytes tag. `place` is bound, not stored. */
export function sealBytes(key: KeyObject, place: string, bytes: Buffer): Buffer {
  const iv = randomBytes(ivLength);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(place));
  return Buffer.concat([Buffer.of(version), iv, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

/** The reverse of {@link sealBytes}. @throws SealError */
export function openBytes(key: KeyObject, place: string, sealed: Buffer): Buffer {
  if (sealed[0] !== version || sealed.length < 1 + ivLength + tagLength) throw new SealError(place);
  const end = sealed.length - tagLength;
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(1, 1 + ivLength), { authTagLength: tagLength });
    decipher.setAAD(Buffer.from(place)).setAuthTag(sealed.subarray(end));
    const bytes = decipher.update(sealed.subarray(1 + ivLength, end));
    // Gives nothing more in this mode: it only checks, and must run before anything is believed.
    decipher.final();
    return bytes;
  } catch (error) {
    throw new SealError(place, error);
  }
}

/** Seals and opens what belongs to one person. */
export class Sealer {
  readonly #key: KeyObject;
  readonly #userId: string;

  constructor(key: KeyObject, userId: string) {
    this.#key = key;
    this.#userId = userId;
  }

  seal(column: SealedColumn, rowId: string, text: string): Buffer {
    return sealBytes(this.#key, this.#place(column, rowId), Buffer.from(text));
  }

  /** @throws SealError */
  open(column: SealedColumn, rowId: string, sealed: Buffer): string {
    return openBytes(this.#key, this.#place(column, rowId), sealed).toString();
  }

  /** The text of a row that may not be sealed yet. @throws SealError */
  read(column: SealedColumn, rowId: string, { sealed, plain }: { sealed: Buffer | null; plain: string }): string {
    return sealed === null ? plain : this.open(column, rowId, sealed);
  }

  /** Seals an uploaded file on its way to the disk. */
  sealFile(documentId: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    return sealStream(this.#key, this.#place("uploads", documentId), bytes);
  }

  /** The reverse. Believe nothing of it before its end. @throws SealError */
  openFile(documentId: string, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    return openStream(this.#key, this.#place("uploads", documentId), sealed);
  }

  #place(column: SealedColumn | "uploads", rowId: string): string {
    return `${column} ${rowId} of ${this.#userId}`;
  }
}
