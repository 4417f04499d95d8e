/** In the text of an answer the quotes are escaped. */
const cutShort = [/"finish_reason":\s*"length"/, /"type":\s*"response\.incomplete"/, /"status":\s*"incomplete"/];

/** Takes down an answer as it goes out, up to a limit. */
export class Recorder {
  readonly #limit: number;
  #parts: Buffer[] | null = [];
  #size = 0;

  /** @param limit bytes; an answer that is longer is forgotten */
  constructor(limit: number) {
    this.#limit = limit;
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#size += bytes.length;
    if (this.#size > this.#limit) this.#parts = null;
    // A copy: the memory belongs to the connection and may be reused.
    else this.#parts?.push(Buffer.from(bytes));
  }

  /** The whole answer; null: it was too long, or the model was cut short, which another limit or budget might not do. */
  get answer(): Buffer | null {
    if (this.#parts === null) return null;
    const whole = Buffer.concat(this.#parts);
    const text = whole.toString("latin1");
    return cutShort.some((sign) => sign.test(text)) ? null : whole;
  }
}
