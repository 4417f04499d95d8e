/** What a word that stands for a value looks like. */
export const placeholder = /\[[A-Z]+-\d+\]/g;
const halfPlaceholder = /^\[[A-Z]*(?:-\d*)?$/;

/** The words that stand for personal data in one request, and the values to put in their place again. */
export class Placeholders {
  readonly #values: ReadonlyMap<string, string>;
  readonly #longest: number;

  constructor(words: Iterable<readonly [word: string, value: string]> = []) {
    this.#values = new Map(words);
    this.#longest = Math.max(0, ...[...this.#values.keys()].map((word) => word.length));
  }

  /** How many values have a word. */
  get size(): number {
    return this.#values.size;
  }

  /** The text with values for words; a word that is not ours stays. @param put writes a value, e.g. escaped */
  restore(text: string, put: (value: string) => string = (value) => value): string {
    if (this.size === 0 || !text.includes("[")) return text;
    return text.replace(placeholder, (word) => {
      const value = this.#values.get(word);
      return value === undefined ? word : put(value);
    });
  }

  /** Where at the end of a text one of our words may have begun; the text's length when none has. */
  heldFrom(text: string): number {
    const at = text.lastIndexOf("[");
    if (at === -1 || text.length - at >= this.#longest) return text.length;
    const tail = text.slice(at);
    if (!halfPlaceholder.test(tail)) return text.length;
    for (const word of this.#values.keys()) if (word.startsWith(tail)) return at;
    return text.length;
  }
}

/** A value as it reads inside a JSON string. */
export function jsonEscaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/** Restores a text that comes in pieces, cut anywhere. Holds back no more than a word of ours that may have begun. */
export class TextRestorer {
  readonly #placeholders: Placeholders;
  readonly #put: ((value: string) => string) | undefined;
  #held = "";

  /** @param inJson the text is JSON: values are escaped. @default false */
  constructor(placeholders: Placeholders, inJson = false) {
    this.#placeholders = placeholders;
    this.#put = inJson ? jsonEscaped : undefined;
  }

  push(piece: string): string {
    const text = this.#held + piece;
    const from = this.#placeholders.heldFrom(text);
    this.#held = text.slice(from);
    return this.#placeholders.restore(text.slice(0, from), this.#put);
  }

  /** What was held back: at the end it is no word of ours. */
  flush(): string {
    const held = this.#held;
    this.#held = "";
    return held;
  }
}
