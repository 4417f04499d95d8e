import { describe, expect, test } from "vitest";
import { readRetryAfter, waitMs } from "./retry.ts";
import { inOrder } from "./routing.ts";

const target = (name: string, load: number, latencyMs: number | null, usable = true) => ({ name, load, latencyMs, usable });
const names = (targets: readonly { name: string }[]): string => targets.map(({ name }) => name).join("");
const targets = [target("a", 0.5, 20), target("b", 0.1, 90), target("c", 0.9, null), target("d", 0, 1, false)];

describe("equal targets [L-07]", () => {
  test.each([
    ["least-busy", "bacd"],
    ["latency", "cabd"],
  ] as const)("are ordered by %s, those out of use last", (routing, expected) => {
    expect(names(inOrder(targets, routing))).toBe(expected);
  });

  test.each(["shuffle", "least-busy", "latency"] as const)("are shuffled among equals by %s", (routing) => {
    const twins = [target("x", 0, 5), target("y", 0, 5)];
    const chances = [0.9, 0.1];
    expect(names(inOrder(twins, routing, () => chances.shift() ?? 0))).toBe("yx");
  });
});

describe("retries", () => {
  test("wait a random half to all of 100, then 200 ms, and end", () => {
    const waits = [1, 2, 3].map((attempt) => [waitMs(attempt, null, () => 0), waitMs(attempt, null, () => 1)]);
    expect(waits).toEqual([
      [50, 100],
      [100, 200],
      [null, null],
    ]);
  });

  test("wait as long as the runtime asks, and not at all for more than two seconds", () => {
    expect([waitMs(1, 2, () => 1), waitMs(1, 0, () => 1), waitMs(1, 2.1)]).toEqual([2_100, 100, null]);
  });

  test.each([
    ["7", 7],
    ["0.5", 0.5],
    ["Thu, 01 Jan 1970 00:00:09 GMT", 9],
    ["Thu, 01 Jan 1970 00:00:00 GMT", 0],
    ["-1", null],
    ["soon", null],
    ["", null],
    [undefined, null],
  ])("read Retry-After %j as %j seconds", (header, seconds) => {
    expect(readRetryAfter(header, 200)).toBe(seconds);
  });
});
