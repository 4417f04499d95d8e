import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readRequirements, renderRequirements, tagsOf, type RecordedRun } from "./requirements.ts";
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

test("the list of requirements is complete, and every id that stands in a test's name is in it", async () => {
  const ids = new Set((await readRequirements(root)).map(({ id }) => id));
  expect(ids.size).toBe(250);
  const self = "tests/requirements.test.ts";
  const files = repositoryFiles(root).filter((file) => file.endsWith(".test.ts") && file !== self);
  const claims = files.flatMap((file) => tagsOf(readFileSync(join(root, file), "utf8")).map((id) => `${file}: ${id}`));
  expect(claims.filter((claim) => !ids.has(claim.split(": ")[1] ?? ""))).toEqual([]);
});
