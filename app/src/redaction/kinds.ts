/** What a detector can find, by the word that stands in its placeholder; the first wins where two meet. */
export const kinds = [
  "SECRET",
  "CREDENTIALS",
  "EMAIL",
  "IBAN",
  "CARD",
  "SOCIALID",
  "TAXID",
  "VATID",
  "IP",
  "PHONE",
  "ADDRESS",
  "NAME",
] as const;
export type Kind = (typeof kinds)[number];

/** A place in a text, in UTF-16 units; `end` is not part of it. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is left of the checks that cost most, for one request. */
export interface Effort {
  checks: number;
}

/** Finds its kind in a text, in time that grows with the text's length and no faster. */
export interface Detector {
  readonly kind: Kind;
  readonly find: (text: string, effort: Effort) => Iterable<Span>;
}

/** Every match of a pattern that `isReal` accepts. A named group `value` narrows the place to it; the pattern needs the flags g and d then. */
export function* matches(text: string, pattern: RegExp, isReal: (value: string) => boolean = () => true): Generator<Span> {
  for (const match of text.matchAll(pattern)) {
    const [start, end] = match.indices?.groups?.["value"] ?? [match.index, match.index + match[0].length];
    if (isReal(text.slice(start, end))) yield { start, end };
  }
}
