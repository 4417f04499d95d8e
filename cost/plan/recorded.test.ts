import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { buildCard } from "../card/build.ts";
import { readPlan, type Plan } from "./read.ts";

const recorded = (name: string): Plan => {
  const file = join(import.meta.dirname, `recordings/${name}.json`);
  return readPlan(readFileSync(file, "utf8"), file);
};

/** op, before, after, left alone, delete first. */
const changes = {
  dbr: ["replace", true, true, false, true],
  first: ["replace", true, true, false, false],
  gone: ["delete", true, false, false, false],
  guard: ["same", true, true, false, false],
  inside: ["same", true, true, false, false],
  kept: ["delete", true, false, true, false],
  new: ["create", false, true, false, false],
  newname: ["same", true, true, false, false],
  same: ["same", true, true, false, false],
};
const seen = ({ changes }: Plan): object =>
  Object.fromEntries(
    changes.map(({ name, op, before, after, orphan, deleteFirst }) => [
      name,
      [op, before !== null, after !== null, orphan !== null, deleteFirst],
    ]),
  );

test.each(["logical", "physical"])("the engine's own preview, with %s replacements, is read once per resource", (name) => {
  const plan = recorded(name);
  expect(seen(plan)).toEqual(changes);
  expect(plan.changes).toHaveLength(Object.keys(changes).length);
  expect(plan).toMatchObject({ failure: null, stack: "dev" });
});

test("the engine's refusal is an incomplete card with its words, exit 1", () => {
  const plan = recorded("refused");
  expect(seen(plan)).toEqual({ ...changes, guard: ["delete", true, false, false, false] });
  const { complete, verdict, totals } = buildCard(plan, { today: "2026-11-21" });
  expect([complete, verdict.exitCode, totals[0]?.after]).toEqual([false, 1, null]);
  expect(verdict.reasons.join()).toContain("cannot be deleted\nbecause it is protected");
});
