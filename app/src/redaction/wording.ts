import { detect, newEffort } from "./detect.ts";
import type { Kind } from "./kinds.ts";
import { placeholder } from "./placeholders.ts";

/**
 * Gives words to the personal data of one request, e.g. `[EMAIL-1]`. The same value has the same word, in the order of appearance, so
 * that a growing conversation keeps its beginning. Lives as long as its request; is never logged or stored.
 */
export class Wording {
  readonly #words = new Map<string, string>();
  readonly #counts = new Map<Kind, number>();
  readonly #taken = new Set<string>();
  readonly #effort = newEffort();

  /** Every word with its value. */
  get words(): [word: string, value: string][] {
    return [...this.#words].map(([value, word]) => [word, value]);
  }

  /** Words of the caller's own text that look like ours are not used. To be called for all texts before the first is redacted. */
  avoid(text: string): void {
    if (!text.includes("[")) return;
    for (const [word] of text.matchAll(placeholder)) this.#taken.add(word);
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

  #wordFor(kind: Kind, value: string): string {
    const known = this.#words.get(value);
    if (known !== undefined) return known;
    let count = this.#counts.get(kind) ?? 0;
    let word: string;
    do word = `[${kind}-${++count}]`;
    while (this.#taken.has(word));
    this.#counts.set(kind, count);
    this.#words.set(value, word);
    return word;
  }
}
