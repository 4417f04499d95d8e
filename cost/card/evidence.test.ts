import { expect, test } from "vitest";
import { evidenceProblem, parseEvidence, type Occasion } from "./evidence.ts";

const now = new Date("2026-11-21T12:00:00Z");
const hoursAgo = (hours: number): string => new Date(now.getTime() - hours * 3_600_000).toISOString();
const problem = (hours: number, occasion: Partial<Occasion> = {}, more: object = {}): string | null =>
  evidenceProblem(parseEvidence(JSON.stringify({ id: "b1", time: hoursAgo(hours), verified: true, ...more }), "e.json", now), {
    ...{ stack: "shop", edition: "starter" },
    ...occasion,
  });

test.each([
  ["community", 24],
  ["starter", 12],
  ["pro", 1],
])("in edition %s a verified backup of %d h proves something, and one that is older nothing", (edition, hours) => {
  expect(problem(hours, { edition })).toBeNull();
  expect(problem(hours + 0.05, { edition })).toBe(`backup b1 is ${hours + 0.1} h old, ${hours} h are allowed`);
});

test("enterprise promises to lose nothing, and no backup proves that, however young", () => {
  for (const edition of ["enterprise-region", "enterprise-global"])
    expect(problem(0, { edition })).toBe(`edition ${edition} promises to lose nothing, which no backup proves`);
});

test("evidence may ask more of itself than the edition, and never less", () => {
  expect(problem(3, {}, { rpo: "2 h" })).toContain("2 h are allowed");
  expect(problem(1, {}, { rpo: "2 h" })).toBeNull();
  expect(problem(13, {}, { rpo: "1000 h" })).toContain("12 h are allowed");
});

test("a stack of no edition may lose a day at most, whatever its evidence says", () => {
  expect(problem(23, { edition: null })).toBeNull();
  expect(problem(25, { edition: null }, { rpo: "9999 h" })).toContain("24 h are allowed");
});

test.each<[string, string | null, Partial<Occasion>, object]>([
  ["of this stack", null, {}, { stack: "shop" }],
  ["of another stack", "is of stack pro", {}, { stack: "pro" }],
  ["that nobody verified", "never verified", {}, { verified: false }],
  ["from the future", "is from the future", {}, { time: "2026-11-21T12:00:01Z" }],
])("a backup %s", (_, said, occasion, more) => {
  if (said === null) expect(problem(1, occasion, more)).toBeNull();
  else expect(problem(1, occasion, more)).toContain(said);
});

test.each([
  {},
  { id: "b1", time: "yesterday", verified: true },
  { id: "b1", time: "2026-11-21T03:00:00Z", verified: true, rpo: "soon" },
])("%j is no evidence", (given) => {
  expect(() => parseEvidence(JSON.stringify(given), "e.json", now)).toThrow(/e\.json\.(id|time|rpo)/);
});
