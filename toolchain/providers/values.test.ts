import { expect, test } from "vitest";
import { fileAsset, hasUnknown, plain, sameValue, secret, secretStrings, unknownSentinel } from "./values.ts";

/** Oracle: the signature keys in @pulumi/pulumi runtime/rpc.js. */
const key = "4dabf18193072939515e22adb298388d";
const output = { [key]: "d0e6a833031e9bbcd3f4e8bde6ca49a4" };

test("takes secret and output marks off, at any depth", () => {
  expect(plain({ a: secret({ b: [secret("x")] }), c: { ...output, value: 1, secret: true } })).toEqual({ a: { b: ["x"] }, c: 1 });
});

test("an output without a value is unknown, one with a value is not", () => {
  expect(hasUnknown([{ deep: output }])).toBe(true);
  expect(hasUnknown(secret(unknownSentinel))).toBe(true);
  expect(hasUnknown({ ...output, value: null })).toBe(false);
});

test("marks a value secret once", () => {
  expect(secret(secret("x"))).toEqual({ [key]: "1b47061264138c4ac30d75fd1eb44270", value: "x" });
});

test("finds the strings inside secret parts and no others", () => {
  expect(
    secretStrings({ a: "plain", b: secret({ c: "one", d: ["two", 3] }), e: { ...output, value: "three", secret: true } }),
  ).toEqual(["one", "two", "three"]);
});

test("compares content: secret marks, null and absence do not matter, and assets are compared by hash", () => {
  expect(sameValue(secret({ a: "x" }), { a: "x", b: null })).toBe(true);
  expect(sameValue({ a: ["x"] }, { a: ["x", "y"] })).toBe(false);
  expect(sameValue(fileAsset("/one", "h"), fileAsset("/two", "h"))).toBe(true);
  expect(sameValue(fileAsset("/one", "h"), fileAsset("/one", "g"))).toBe(false);
});
