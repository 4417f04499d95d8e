import { expect, test } from "vitest";
import { readPlan, type Plan } from "../plan/read.ts";
import { previewOf, type Step } from "../testing.ts";
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

test("what the plan lets go stays on the bill against another plan, too", () => {
  const read = (...steps: Step[]): Plan => readPlan(previewOf([stack, ...steps]), "plan.json");
  const gone = read({ op: "delete", ...disk, state: { retainOnDelete: true } });
  for (const base of [read({ op: "same", ...disk }), read({ op: "create", ...disk, state: { retainOnDelete: true } })]) {
    const card = buildCard(gone, { today: "2026-11-21", base });
    expect([card.totals[0]?.after, card.resources[0]?.orphan, card.verdict.exitCode]).toEqual(["0.7436", true, 0]);
  }
  const { totals } = buildCard(read(), { today: "2026-11-21", base: read({ op: "same", ...disk }) });
  expect(totals[0]?.after).toBe("0");
});
