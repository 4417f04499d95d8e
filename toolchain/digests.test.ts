import { expect, test } from "vitest";
import { sumIn } from "./digests.ts";

const sha1 = "1".repeat(40);
const sha256 = "a".repeat(64);

test("reads sums as sha256sum and shasum write them", () => {
  expect(sumIn(`${sha256}  x.tar.gz\n`, "x.tar.gz")).toEqual({ algorithm: "sha256", value: sha256 });
  expect(sumIn(`${sha1} *./x.tar.gz\r\n`, "x.tar.gz")).toEqual({ algorithm: "sha1", value: sha1 });
});

test("of two sums of one file the stronger one counts", () => {
  expect(sumIn(`${sha1}  x.tar.gz\n${sha256.toUpperCase()}  x.tar.gz`, "x.tar.gz")).toEqual({
    algorithm: "sha256",
    value: sha256,
  });
});

test("takes no sum of another file and none of unknown length", () => {
  expect(sumIn(`${sha256}  not-x.tar.gz\n${"a".repeat(63)}  x.tar.gz\n<html>`, "x.tar.gz")).toBeNull();
});
