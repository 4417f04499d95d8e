import { readFileSync } from "node:fs";
import { kinds, type Kind } from "./kinds.ts";

export const locales = ["de", "en", "fr"] as const;
export type Locale = (typeof locales)[number];

/** One line of the corpus: its text, and where the values stand in it; none in a negative one. */
export interface Sample {
  readonly kind: Kind;
  readonly text: string;
  readonly values: readonly string[];
}

/** Reads one locale of the corpus: sections `# KIND`, lines `+ text with ‹values›` and `- text without`. @throws on any other line */
export function readCorpus(locale: Locale): Sample[] {
  const lines = readFileSync(new URL(`corpus/${locale}.txt`, import.meta.url), "utf8")
    .trim()
    .split("\n");
  let kind: Kind | undefined;
  return lines.flatMap((line) => {
    const [sign = "", marked] = [line.slice(0, 2), line.slice(2)];
    if (sign === "# ") kind = kinds.find((one) => one === marked);
    const values = [...marked.matchAll(/‹([^›]*)›/g)].map(([, value = ""]) => value);
    if (sign === "# " && kind !== undefined) return [];
    if (kind === undefined || (sign === "+ ") !== values.length > 0 || !["+ ", "- "].includes(sign)) {
      throw new Error(`corpus/${locale}.txt: got ${JSON.stringify(line)}; needs "# KIND", "+ text with ‹value›" or "- text"`);
    }
    return [{ kind, text: marked.replace(/[‹›]/g, ""), values }];
  });
}

/** How well a kind is found: exact places only. */
export interface Score {
  readonly found: number;
  readonly missed: readonly string[];
  readonly wrong: readonly string[];
  readonly recall: number;
  readonly precision: number;
}
