import { expect, test } from "vitest";
import { plainJson } from "./json.ts";

test.each([
  ["a control of the second set", "a\u009b31mb", '"a\\u009b31mb"'],
  ["delete", "a\u007fb", '"a\\u007fb"'],
  ["text that is turned", "a\u202eb\u2066c", '"a\\u202eb\\u2066c"'],
  ["a mark without a width, and a byte order mark", "a\u200bb\ufeff", '"a\\u200bb\\ufeff"'],
  ["a hidden character beyond the basic ones", "a\u{e0041}b", '"a\\udb40\\udc41b"'],
  ["line ends of two kinds", "a\nb\u2028c", '"a\\nb\\u2028c"'],
])("%s is escaped, and comes back as it was", (_, text, written) => {
  expect(plainJson(text)).toBe(written);
  expect(plainJson({ [text]: text })).toBe(`{${written}:${written}}`);
  expect(JSON.parse(plainJson(text))).toBe(text);
});

test("what people read is left as it is", () => expect(plainJson("Größe 💾 → 5 €")).toBe('"Größe 💾 → 5 €"'));
