import { expect, test } from "vitest";
import { againstBase } from "../plan/base.ts";
import type { Plan } from "../plan/read.ts";
import type { Change } from "../plan/changes.ts";
import overrides from "./replace-overrides.json" with { type: "json" };
import facts from "./replace-rules.json" with { type: "json" };
import { isGuess, type replaceRules } from "./replacing.ts";

test("what was added to the facts stands apart from them, each with its source, and nothing is added twice", () => {
  expect(Object.values(facts.types).filter((rule) => "inPlace" in rule)).toEqual([]);
  expect(Object.keys(overrides.types).filter((type) => type in facts.types)).toEqual([]);
  for (const { upstream } of Object.values(overrides.types)) expect(upstream).toMatch(/^internal\/.+@[0-9a-f]+$/);
  const rows = Object.entries(overrides.inPlace).flatMap(([type, inputs]) =>
    Object.entries(inputs).map(([input, source]) => ({ type, input, source })),
  );
  expect(rows.filter(({ source }) => source.length < 20)).toEqual([]);
  // A row that takes no doubt away, or that contradicts the facts, has no place here.
  const { types } = facts as unknown as { types: typeof replaceRules };
  const needless = rows.filter(({ type, input }) => {
    const rule = types[type];
    const doubtful = rule?.confidence !== "source" || (rule.unsureFields ?? []).includes(input);
    return !doubtful || rule?.replace.includes(input);
  });
  expect(needless).toEqual([]);
});

const budget = "aws:budgets/budget:Budget";

test("a doubtful input is a guess, one that a later source was read for is none", () => {
  expect([isGuess(budget, "timeUnit"), isGuess(budget, "tags.a"), isGuess(budget, "notifications[0].threshold")]).toEqual([
    true,
    false,
    false,
  ]);
  expect(isGuess("aws:ecr/repository:Repository", "name")).toBe(false);
  expect(isGuess("hcloud:index/toaster:Toaster", "size")).toBe(true);
});

function planOf(inputs: object): Plan {
  const state = { inputs, outputs: {}, protect: false, retainOnDelete: false, created: null };
  const common = { urn: "u", name: "b", type: budget, formerUrns: [], orphan: null, deleteFirst: false, paths: [] };
  const change = { ...common, op: "same", before: state, after: state } as unknown as Change;
  return { stack: "s", changes: [change], providers: new Map() } as unknown as Plan;
}

test("against another program's plan a doubtful change is taken for a replacement, and named as a guess", () => {
  const [change] = againstBase(planOf({ timeUnit: "YEARLY" }), planOf({ timeUnit: "MONTHLY" })).changes;
  expect(change).toMatchObject({ op: "replace", guessed: ["timeUnit"] });
  const [tagged] = againstBase(planOf({ tags: { a: "1" } }), planOf({ tags: { a: "2" } })).changes;
  expect(tagged).toMatchObject({ op: "update", guessed: [] });
});
