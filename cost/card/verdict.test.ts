import { describe, expect, test } from "vitest";
import { readPlan, type Plan } from "../plan/read.ts";
import { previewOf, urnOf, type Step } from "../testing.ts";
import { buildCard } from "./build.ts";
import { parseIncrease, parseMoney, type CardOptions } from "./options.ts";

// 13 GB × 0.0572 = 0.7436 EUR
const disk = { type: "hcloud:index/volume:Volume", inputs: { size: 13, location: "fsn1" } };
const stack = { op: "same", type: "pulumi:pulumi:Stack", name: "fidus-shop", state: { custom: false } };
const reasons = (options: Partial<CardOptions>) =>
  buildCard(readPlan(previewOf([stack, disk]), "plan.json"), { today: "2026-11-21", ...options }).verdict.reasons;

test("a limit that cents cannot tell from the amount is shown with every digit", () => {
  expect(reasons({ budget: parseMoney("0.74EUR", "--budget") })).toEqual([
    "over budget: 0.7436 EUR a month are more than the budget of 0.74 EUR",
  ]);
  expect(reasons({ maxIncrease: parseIncrease("0.74EUR", "--max-increase") })).toEqual([
    "too much more: +0.7436 EUR a month, +0.74 EUR are allowed",
  ]);
});

test("a limit that cents can tell from it is shown in cents, and one that is kept not at all", () => {
  expect(reasons({ budget: parseMoney("0.70EUR", "--budget") })).toEqual([
    "over budget: 0.74 EUR a month are more than the budget of 0.70 EUR",
  ]);
  expect(reasons({ budget: parseMoney("0.7436EUR", "--budget") })).toEqual([]);
});

test("a rate that is missing is asked for the right way round", () => {
  expect(() => reasons({ budget: parseMoney("50USD", "--budget") })).toThrow("--rate EUR/USD=1.09");
});

test("what is deleted and of a type that nobody looked at is listed, since it may hold data", () => {
  const steps = ["acme:sql:Database", "random:index/randomId:RandomId", disk.type].map((type) => ({
    op: "delete",
    type,
    protect: true,
  }));
  const { findings } = buildCard(readPlan(previewOf([stack, ...steps]), "plan.json"), { today: "2026-11-21" });
  expect(findings.map(({ rule, level, message }) => [rule, level, message])).toEqual([
    ["data-loss", "warning", "delete would lose: disk; it is protected or backed up"],
    ["data-unknown", "unknown", "delete: whether acme:sql:Database holds data is not known here"],
  ]);
});

describe("against another plan of the same stack", () => {
  const read = (...steps: Step[]): Plan => readPlan(previewOf([stack, ...steps]), "plan.json");
  const kept: Step = { op: "same", ...disk };
  const letGo: Step = { op: "delete", ...disk, state: { retainOnDelete: true } };
  /** before, after, op and whether it is an orphan, of each resource. */
  const seen = (base: Plan, plan: Plan): unknown[] =>
    buildCard(plan, { today: "2026-11-21", base }).resources.map(({ before, after, op, orphan }) => [before, after, op, orphan]);

  test.each<[string, Plan, Plan, unknown[]]>([
    ["what the plan lets go stays on the bill", read(kept), read(letGo), [["0.7436", "0.7436", "delete", true]]],
    ["what both let go stays on the bill, once", read(letGo), read(letGo), [["0.7436", "0.7436", "same", true]]],
    ["what the base lets go and the plan keeps costs no more", read(letGo), read(kept), [["0.7436", "0.7436", "same", false]]],
    [
      "what the base lets go and the plan deletes costs no more",
      read(letGo),
      read({ op: "delete", ...disk }),
      [["0.7436", "0", "delete", false]],
    ],
    [
      "what the base deletes and the plan lets go costs what it did",
      read({ op: "delete", ...disk }),
      read(letGo),
      [["0", "0.7436", "delete", true]],
    ],
    [
      "what both replace and let go is billed beside the new one",
      read({ op: "replace", ...disk, state: { retainOnDelete: true } }),
      read({ op: "replace", ...disk, state: { retainOnDelete: true } }),
      [
        ["0.7436", "0.7436", "same", true],
        ["0.7436", "0.7436", "same", false],
      ],
    ],
    [
      "what an earlier replacement left for good is billed on both sides",
      read(kept, { ...letGo, op: "delete-replaced", state: { retainOnDelete: true, delete: true } }),
      read(kept, { ...letGo, op: "delete-replaced", state: { retainOnDelete: true, delete: true } }),
      [
        ["0.7436", "0.7436", "same", true],
        ["0.7436", "0.7436", "same", false],
      ],
    ],
    [
      "what an earlier replacement left and both delete is on no side",
      read(kept, { op: "delete-replaced", ...disk, state: { delete: true } }),
      read(kept, { op: "delete-replaced", ...disk, state: { delete: true } }),
      [["0.7436", "0.7436", "same", false]],
    ],
  ])("%s", (_, base, plan, expected) => expect(seen(base, plan)).toEqual(expected));

  test("what the base creates and would let go is billed where the plan has none of it", () => {
    const { totals, resources, verdict } = buildCard(read(letGo), {
      today: "2026-11-21",
      base: read({ op: "create", ...disk, state: { retainOnDelete: true } }),
    });
    expect([totals[0]?.after, resources.map(({ orphan }) => orphan), verdict.exitCode]).toEqual(["0.7436", [true], 0]);
    expect(seen(read(kept), read())).toEqual([["0.7436", "0", "delete", false]]);
  });

  test("a rename by an alias is no change: of a deployed resource, of a new one, and where the base has the new name", () => {
    const renamed = (op: string): Step => {
      const [old, now] = [urnOf({ ...disk, name: "old" }), urnOf({ ...disk, name: "new" })];
      const state = (urn: string): object => ({ urn, type: disk.type, custom: true, inputs: disk.inputs, aliases: [old] });
      const more = { ...(op === "same" ? { oldState: state(old) } : {}), newState: state(now) };
      return { ...disk, op, name: "new", more };
    };
    const same = [["0.7436", "0.7436", "same", false]];
    expect(seen(read({ ...kept, name: "old" }), read(renamed("same")))).toEqual(same);
    expect(seen(read({ ...disk, name: "old" }), read(renamed("create")))).toEqual(same);
    expect(seen(read(renamed("same")), read({ ...kept, name: "old" }))).toEqual(same);
    const both = seen(read({ ...disk, name: "old" }), read(renamed("create"), { ...disk, name: "old" }));
    expect(both).toEqual([
      ["0", "0.7436", "create", false],
      ["0.7436", "0.7436", "same", false],
    ]);
  });
});
