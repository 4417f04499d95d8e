import { expect, test } from "vitest";
import { BusyCache } from "./busy-cache.ts";

const askTimes = (cache: BusyCache<number>, times: number) => Array.from({ length: times }, () => cache.get("a"));

test("a name that is asked for all the time is answered from memory, a quiet one never", () => {
  const cache = new BusyCache<number>();
  cache.set("a", 1, Infinity);
  expect(askTimes(cache, 5)).toEqual([undefined, undefined, undefined, undefined, undefined]);
  expect(askTimes(cache, 20).at(-1)).toBe(1);
  cache.set("b", 2, Infinity);
  expect(cache.get("b")).toBeUndefined();
});

test("what is too old is not told, and what is set anew is", () => {
  const cache = new BusyCache<number>();
  cache.set("a", 1, performance.now() - 1);
  expect(askTimes(cache, 50).every((value) => value === undefined)).toBe(true);
  cache.set("a", 2, Infinity);
  expect(cache.get("a")).toBe(2);
});

test("it holds no more names than it may", () => {
  const cache = new BusyCache<number>();
  cache.set("a", 1, Infinity);
  askTimes(cache, 50);
  for (let n = 0; n < 10_000; n++) cache.set(String(n), n, Infinity);
  expect(cache.get("a")).toBeUndefined();
});
