import { expect, test } from "vitest";
import { alignColumns } from "./table.ts";

test("columns are as wide as their widest cell, and lines end without space", () => {
  expect(
    alignColumns([
      ["a", "bb", ""],
      ["ccc", "d"],
    ]),
  ).toBe("a    bb\nccc  d");
});

test("no rows give no text", () => {
  expect(alignColumns([])).toBe("");
});
