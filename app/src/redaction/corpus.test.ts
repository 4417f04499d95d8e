import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { locales, readCorpus, type Locale, type Score } from "./corpus.ts";
import { detect } from "./detect.ts";
import { kinds, type Kind } from "./kinds.ts";

/** What a kind must reach in each locale. The checked ones must be perfect on what we wrote down; the guessed ones are honest. */
const guessed: readonly Kind[] = ["PHONE", "ADDRESS", "NAME"];
const floor = (kind: Kind): number => (guessed.includes(kind) ? 0.8 : 1);

/** A value counts as found where exactly its text is; in any sample whatever else is found of the kind is wrong. */
function score(locale: Locale, kind: Kind): Score | null {
  const samples = readCorpus(locale);
  if (!samples.some((sample) => sample.kind === kind)) return null;
  const missed: string[] = [];
  const wrong: string[] = [];
  let found = 0;
  for (const { kind: own, text, values } of samples) {
    const seen = detect(text)
      .filter((one) => one.kind === kind)
      .map(({ start, end }) => text.slice(start, end));
    const expected = own === kind ? values : [];
    found += seen.filter((value) => expected.includes(value)).length;
    wrong.push(...seen.filter((value) => !expected.includes(value)));
    missed.push(...expected.filter((value) => !seen.includes(value)));
  }
  const recall = found + missed.length === 0 ? 1 : found / (found + missed.length);
  return { found, missed, wrong, recall, precision: found + wrong.length === 0 ? 1 : found / (found + wrong.length) };
}

describe.each(locales)("in the corpus %s", (locale) => {
  const measured = kinds.flatMap((kind) => {
    const result = score(locale, kind);
    return result === null ? [] : [{ kind, ...result }];
  });

  test.each(measured)(
    "$kind is found: recall $recall, precision $precision [L-16] [X-17]",
    ({ kind, missed, wrong, recall, precision }) => {
      const least = floor(kind);
      expect({ recall, missed }).toEqual(recall >= least ? { recall, missed } : { recall: least, missed: [] });
      expect({ precision, wrong }).toEqual(precision >= least ? { precision, wrong } : { precision: least, wrong: [] });
    },
  );
});

test("docs/privacy.md shows these figures", () => {
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  const rows = kinds.map((kind) => {
    const cells = locales.map((locale) => {
      const result = score(locale, kind);
      if (result === null) return "–";
      const nothingToFind = result.found + result.missed.length === 0;
      return `${nothingToFind ? "–" : percent(result.recall)} / ${percent(result.precision)}`;
    });
    return [`\`${kind}\``, ...cells];
  });
  const page = readFileSync(new URL("../../../docs/privacy.md", import.meta.url), "utf8");
  const shown = page.split("\n").map((line) =>
    line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
  for (const row of rows) expect(shown.map((cells) => [cells[0], ...cells.slice(2)])).toContainEqual(row);
});
