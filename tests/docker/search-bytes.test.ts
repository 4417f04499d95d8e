import { Readable } from "node:stream";
import { expect, test } from "vitest";
import { holds } from "./search-bytes.ts";

const wanted = new Map([
  ["key", ["c2VjcmV0", "secret-value"]],
  ["other", ["not-there"]],
]);

test.each([
  ["inside one piece", [`x${"secret-value"}x`]],
  ["cut anywhere", ["xx", "secr", "e", "t-value"]],
  ["in another form", ["..c2Vj", "cmV0.."]],
  ["across two windows", [`${"x".repeat(3_999_994)}secret`, `-value${"y".repeat(4_000_000)}`]],
  ["after many windows", ["x".repeat(9_000_000), "y".repeat(9_000_000), "secret-value"]],
])("a text %s is found, another is not", async (_name, pieces) => {
  expect(await holds(Readable.from(pieces.map((piece) => Buffer.from(piece))), wanted)).toEqual(["key"]);
});

test("nothing is found where nothing is", async () => {
  expect(await holds(Readable.from([Buffer.from("secret-"), Buffer.from("other-value")]), wanted)).toEqual([]);
  expect(await holds(Readable.from([]), wanted)).toEqual([]);
});
