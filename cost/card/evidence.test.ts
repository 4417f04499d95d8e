import { expect, test } from "vitest";
import { evidenceProblem, parseEvidence, proofProblem, type Occasion } from "./evidence.ts";

const now = new Date("2026-11-21T12:00:00Z");
const hoursAgo = (hours: number): string => new Date(now.getTime() - hours * 3_600_000).toISOString();
const disk = { urn: "urn:pulumi:shop::fidus::hcloud:index/volume:Volume::data", type: "hcloud:index/volume:Volume" };
const proof = (more: object = {}): object => ({ id: "b1", time: hoursAgo(1), verified: true, resources: [disk.urn], ...more });
const read = (json: unknown) => parseEvidence(JSON.stringify(json), "e.json", now);
const occasion = { stack: "shop", edition: "starter" };
const problem = (hours: number, where: Partial<Occasion> = {}, more: object = {}): string | null =>
  evidenceProblem(read(proof({ time: hoursAgo(hours), ...more }))[0]!, { ...occasion, ...where });

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

test("a backup proves something for the resources whose data it holds, and nothing for any other", () => {
  const key = { urn: "urn:pulumi:shop::fidus::aws:kms/key:Key::data", type: "aws:kms/key:Key" };
  const bucket = { urn: "urn:pulumi:shop::fidus::aws:s3/bucket:Bucket::data", type: "aws:s3/bucket:Bucket" };
  expect(proofProblem(read(proof()), disk, occasion)).toBeNull();
  expect(proofProblem(read(proof()), bucket, occasion)).toBe("no backup of it is shown");
  expect(proofProblem([], disk, occasion)).toBe("no backup of it is shown");
  expect(proofProblem(read(proof({ resources: [key.urn] })), key, occasion)).toBe("no backup brings a key back");
});

test("of several backups one that holds is enough, and else the first of that resource says why it does not", () => {
  const old = proof({ id: "b0", time: hoursAgo(20) });
  expect(proofProblem(read([old, proof()]), disk, occasion)).toBeNull();
  expect(proofProblem(read([old, proof({ resources: ["urn:other"] })]), disk, occasion)).toContain("backup b0 is 20 h old");
});

test.each([
  [{}, "e.json.id"],
  [[], "e.json"],
  [[proof(), {}], "e.json.1.id"],
  [proof({ time: "yesterday" }), "e.json.time"],
  [proof({ rpo: "soon" }), "e.json.rpo"],
  [{ id: "b1", time: hoursAgo(1), verified: true }, "e.json.resources"],
  [proof({ resources: [] }), "e.json.resources"],
])("%j is no evidence", (given, where) => {
  expect(() => read(given)).toThrow(`${where}: got`);
});
