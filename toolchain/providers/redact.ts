import { secretStrings, type Wire } from "./values.ts";

/** Shortest whole secret that is looked for: shorter ones would blank out ordinary text. */
const shortestWhole = 4;
/** Shortest part of a secret (a line, word or JSON value of it) that is looked for. */
const shortestPart = 12;
/** What stands around a value in a shell script or a list of settings. */
const shellDelimiters = /[\s"'`;|&()<>{}=,]+/;
const mask = "[secret]";

/** Finds and masks the secret values of one step in what its command prints. */
export interface Redactor {
  /** The text with every secret value replaced by `[secret]`. */
  readonly clean: (text: string) => string;
  readonly contains: (text: string) => boolean;
}

/**
 * A redactor for the secret parts of the given values. A secret is known whole, by its lines and words, and, where
 * it is a JSON document, by the strings in it: scripts get their secrets that way.
 */
export function redactorFor(values: readonly Wire[]): Redactor {
  const fragments = [...new Set(values.flatMap((value) => secretStrings(value)).flatMap(fragmentsOf))].sort(
    (a, b) => b.length - a.length,
  );
  return {
    clean: (text) => fragments.reduce((cleaned, fragment) => cleaned.replaceAll(fragment, mask), text),
    contains: (text) => fragments.some((fragment) => text.includes(fragment)),
  };
}

function fragmentsOf(secret: string): string[] {
  const whole = secret.trim();
  const parts = [...whole.split("\n"), ...whole.split(/\s+/), ...whole.split(shellDelimiters), ...jsonStrings(whole)];
  return [whole, ...parts.filter((part) => part.length >= shortestPart)].filter((text) => text.length >= shortestWhole);
}

function jsonStrings(text: string): string[] {
  if (!/^[[{"]/.test(text)) return [];
  try {
    return stringsIn(JSON.parse(text)).flatMap((found) => [found, JSON.stringify(found).slice(1, -1)]);
  } catch {
    return [];
  }
}

function stringsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  return value !== null && typeof value === "object" ? Object.values(value).flatMap(stringsIn) : [];
}
