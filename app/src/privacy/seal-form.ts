/** First byte of everything sealed: how the rest is made. */
export const version = 1;
export const ivLength = 12;
export const tagLength = 16;

/** Thrown when something sealed does not open: another key, another place, or changed bytes. Says where, never what. */
export class SealError extends Error {
  constructor(place: string, cause?: unknown) {
    super(`${place}: does not open: it was changed or moved, or belongs to another key`, { cause });
    this.name = "SealError";
  }
}
