import { createCipheriv, createDecipheriv, randomBytes, type KeyObject } from "node:crypto";
import { ivLength, SealError, tagLength, version } from "./seal-form.ts";

/** What `sealBytes` makes, of a stream: for files that are too large to be held. */
export async function* sealStream(key: KeyObject, place: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const iv = randomBytes(ivLength);
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(place));
  yield Buffer.concat([Buffer.of(version), iv]);
  for await (const piece of bytes) yield cipher.update(piece);
  cipher.final();
  yield cipher.getAuthTag();
}

/** The reverse. Pieces come before they are known to be whole: whoever reads them believes nothing before the end. @throws SealError */
export async function* openStream(key: KeyObject, place: string, sealed: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const headLength = 1 + ivLength;
  let held = Buffer.alloc(0);
  let decipher: ReturnType<typeof createDecipheriv> | null = null;
  for await (const piece of sealed) {
    held = Buffer.concat([held, piece]);
    if (decipher === null) {
      if (held.length < headLength) continue;
      if (held[0] !== version) throw new SealError(place);
      const made = createDecipheriv("aes-256-gcm", key, held.subarray(1, headLength), { authTagLength: tagLength });
      decipher = made.setAAD(Buffer.from(place));
      held = held.subarray(headLength);
    }
    // The last bytes are the tag, and nobody knows yet which are the last.
    const sure = held.length - tagLength;
    if (sure <= 0) continue;
    yield decipher.update(held.subarray(0, sure));
    held = held.subarray(sure);
  }
  if (decipher === null || held.length < tagLength) throw new SealError(place);
  try {
    (decipher as ReturnType<typeof createDecipheriv> & { setAuthTag: (tag: Buffer) => void }).setAuthTag(held);
    decipher.final();
  } catch (error) {
    throw new SealError(place, error);
  }
}
