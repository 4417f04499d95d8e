import { detect, newEffort } from "./detect.ts";
import type { Kind } from "./kinds.ts";

const shape = /\[[A-Z]+-\d+\]/g;
const halfShape = /^\[[A-Z]*(?:-\d*)?$/;

/**
 * The words that stand for personal data in one request, e.g. `[EMAIL-1]`, and what they stand for. The same value has the same word,
 * in the order of appearance, so that a growing conversation keeps its beginning. Lives as long as its request; is never logged or stored.
 */
export class Placeholders {
  readonly #words = new Map<string, string>();
  readonly #values = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();
  readonly #taken = new Set<string>();
  readonly #effort = newEffort();
  #longest = 0;

  /** How many values have a word. */
  get size(): number {
    return this.#values.size;
  }

  /** Words of the caller's own text that look like ours are not used. To be called for all texts before the first is redacted. */
  avoid(text: string): void {
    if (!text.includes("[")) return;
    for (const [word] of text.matchAll(shape)) this.#taken.add(word);
  }

  /** The text with words for values. */
  redact(text: string): string {
    const found = detect(text, this.#effort);
    if (found.length === 0) return text;
    const parts: string[] = [];
    let from = 0;
    for (const { kind, start, end } of found) {
      parts.push(text.slice(from, start), this.#wordFor(kind, text.slice(start, end)));
      from = end;
    }
    return parts.join("") + text.slice(from);
  }

  /** The text with values for words; a word that is not ours stays. @param put writes a value, e.g. escaped */
  restore(text: string, put: (value: string) => string = (value) => value): string {
    if (this.size === 0 || !text.includes("[")) return text;
    return text.replace(shape, (word) => {
      const value = this.#values.get(word);
      return value === undefined ? word : put(value);
    });
  }

  /** Where at the end of a text one of our words may have begun; the text's length when none has. */
  heldFrom(text: string): number {
    const at = text.lastIndexOf("[");
    if (at === -1 || text.length - at >= this.#longest) return text.length;
    const tail = text.slice(at);
    if (!halfShape.test(tail)) return text.length;
    for (const word of this.#values.keys()) if (word.startsWith(tail)) return at;
    return text.length;
  }

  #wordFor(kind: Kind, value: string): string {
    const known = this.#words.get(value);
    if (known !== undefined) return known;
    let count = this.#counts.get(kind) ?? 0;
    let word: string;
    do word = `[${kind}-${++count}]`;
    while (this.#taken.has(word));
    this.#counts.set(kind, count);
    this.#words.set(value, word);
    this.#values.set(word, value);
    this.#longest = Math.max(this.#longest, word.length);
    return word;
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
