import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { outOfStep, readRequirements, renderRequirements, tagsOf, type RecordedRun } from "./requirements.ts";
import { repositoryFiles } from "./sources.ts";

const root = join(import.meta.dirname, "..");
const requirements = [
  { id: "C-01", title: "One host" },
  { id: "C-02", title: "Five | variants", later: "not yet" },
  { id: "C-03", title: "Neo4j", declined: "not in Debian" },
];

function run(...tests: RecordedRun["tiers"][number]["tests"]): RecordedRun {
  return { commit: "abc", startedAt: "2026-11-21T00:00:00.000Z", tiers: [{ tier: "unit", ran: true, tests }] };
}

test("a requirement is done when a test that carries its id passed", () => {
  const text = renderRequirements(requirements, run({ file: "a.test.ts", name: "runs on one host [C-01]", status: "passed" }));
  expect(text).toContain("| C-01 | One host | done | runs on one host [C-01] (a.test.ts) |");
  expect(text).toContain("1 of 3 done");
});

test("a requirement is not done when its test was skipped, or when one of its tests failed", () => {
  const skipped = renderRequirements(requirements, run({ file: "a.test.ts", name: "x [C-01]", status: "skipped" }));
  expect(skipped).toContain("| C-01 | One host | later | in work");
  const failed = renderRequirements(
    requirements,
    run({ file: "a.test.ts", name: "x [C-01]", status: "passed" }, { file: "b.test.ts", name: "y [C-01]", status: "failed" }),
  );
  expect(failed).toContain("| C-01 | One host | later | fails: y [C-01] (b.test.ts) |");
});

test("a requirement without a test keeps its reason, and its title cannot break the table", () => {
  const text = renderRequirements(requirements, run());
  expect(text).toContain("| C-02 | Five \\| variants | later | not yet |");
  expect(text).toContain("| C-03 | Neo4j | declined | not in Debian |");
});

test("a test that claims an unknown requirement is an error", () => {
  expect(() => renderRequirements(requirements, run({ file: "a.test.ts", name: "x [Z-99]", status: "passed" }))).toThrow("Z-99");
});

const self = "tests/requirements.test.ts";

/** `file: id` of every id that stands in a test's name; comments are no names. */
function claimsOf(): string[] {
  const files = repositoryFiles(root).filter((file) => file.endsWith(".test.ts") && file !== self);
  const code = (file: string): string => readFileSync(join(root, file), "utf8").replaceAll(/^\s*(\/\/|\/?\*).*$/gm, "");
  return files.flatMap((file) => tagsOf(code(file)).map((id) => `${file}: ${id}`));
}

const idOf = (claim: string): string => claim.split(": ")[1] ?? "";

test("the list of requirements is complete, and every id that stands in a test's name is in it", async () => {
  const ids = new Set((await readRequirements(root)).map(({ id }) => id));
  expect(ids.size).toBe(250);
  expect(claimsOf().filter((claim) => !ids.has(idOf(claim)))).toEqual([]);
});

const list = [...requirements, { id: "C-04", title: "Tests", later: "soon" }];
const table = renderRequirements(
  list,
  run({ file: "a.test.ts", name: "x [C-01]", status: "passed" }, { file: "b.test.ts", name: "y [C-04]", status: "failed" }),
);

test("a table is out of step when a done id stands in no test's name, a title or row differs, or what is declined is not", () => {
  expect(outOfStep(table, list, new Set(["C-01", "C-04"]))).toEqual([]);
  expect(outOfStep(table, list, new Set(["C-04"]))).toEqual(["C-01 is done there, and no test's name carries it"]);
  const [first, ...others] = list;
  expect(outOfStep(table, [{ ...first!, title: "Two hosts" }, ...others], new Set(["C-01"]))).toEqual([
    "C-01 is “One host” there and “Two hosts” here",
  ]);
  expect(outOfStep(table, others, new Set(["C-01"]))).toEqual(["C-01 is no requirement here"]);
  expect(outOfStep(table, [...list, { id: "C-05", title: "More" }], new Set(["C-01"]))).toEqual(["C-05 is not there"]);
  const undecided = list.map(({ id, title }) => ({ id, title }));
  expect(outOfStep(table, undecided, new Set(["C-01"]))).toEqual(["C-03 is declined there and not here"]);
});

test("the committed table is in step with the list and with the tests' names: npm test && npm run docs:requirements", async () => {
  const committed = readFileSync(join(root, "docs/requirements.md"), "utf8");
  expect(outOfStep(committed, await readRequirements(root), new Set(claimsOf().map(idOf)))).toEqual([]);
});
