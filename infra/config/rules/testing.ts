import { describe, expect, test } from "vitest";
import { formatProblem } from "../../core/errors.ts";
import { parseConfig } from "../parse.ts";
import type { Edition } from "../spec.ts";
import { complete, secretNames } from "../testing.ts";

/** A secret's value that no rule takes for a sample. */
export const someSecret = "h7Kq2v-not-a-sample";

/** The messages for a complete configuration with changes; null takes a key away. */
export function messages(edition: Edition, changes: Record<string, string | null>): string[] {
  const all: Record<string, string | null> = { ...complete[edition], ...changes };
  const entries = Object.fromEntries(Object.entries(all).flatMap(([key, value]) => (value === null ? [] : [[key, value]])));
  return parseConfig(edition, entries, secretNames).problems.map(formatProblem);
}

/** A combination of keys that is refused, and what mends it. */
export interface Case {
  readonly edition: Edition;
  readonly refused: Record<string, string | null>;
  /** Beginnings of the messages, all of them. */
  readonly says: readonly string[];
  /** The smallest change of `refused` that is accepted. */
  readonly accepted: Record<string, string | null>;
}

/** Two tests for each case: refused with every message, accepted once mended. */
export function testCases(cases: Readonly<Record<string, Case>>): void {
  describe.each(Object.entries(cases))("%s", (_, { edition, refused, says, accepted }) => {
    test("is refused with its reason", () => {
      const said = messages(edition, refused);
      expect(said).toHaveLength(says.length);
      for (const beginning of says) expect(said.filter((message) => message.startsWith(beginning))).toHaveLength(1);
    });

    test("is accepted once mended", () => expect(messages(edition, accepted)).toEqual([]));
  });
}
