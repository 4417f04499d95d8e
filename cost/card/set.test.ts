import { expect, test } from "vitest";
import { readPlan } from "../plan/read.ts";
import { renderSetMarkdown } from "../render/markdown.ts";
import { renderSetTerminal } from "../render/terminal.ts";
import { previewOf, unknownValue, type Step } from "../testing.ts";
import { parseIncrease, parseMoney, type CardOptions } from "./options.ts";
import { cardSetSchema, type CardSet } from "./schema.ts";
import { buildCardSet } from "./set.ts";
import { parseUsage } from "./usage.ts";

const nat = (name: string, more: Partial<Step> = {}): Step => ({
  ...{ type: "aws:ec2/natGateway:NatGateway", name, inputs: { region: "eu-central-1" } },
  ...more,
});
const zone: Step = { op: "same", type: "aws:route53/zone:Zone", name: "zone" };
const claim: Step = { op: "same", type: "kubernetes:core/v1:PersistentVolumeClaim", name: "claim" };
const plan = (stack: string, steps: readonly Step[], more: object = {}) => {
  const root: Step = { op: "same", type: "pulumi:pulumi:Stack", name: `fidus-${stack}`, state: { custom: false } };
  const text = previewOf([root, ...steps], more).replaceAll("urn:pulumi:shop::", `urn:pulumi:${stack}::`);
  return { plan: readPlan(text, stack), engineExit: "diagnostics" in more ? 255 : 0 };
};
const global = plan("acme-global", [zone]);
// 730 × 0.052 = 37.96 USD
const [one, two] = ["acme-eu-central-1", "acme-eu-west-1"].map((stack) => plan(stack, [nat("out"), claim])) as [
  typeof global,
  typeof global,
];
const setOf = (plans: readonly (typeof global)[], options: Partial<CardOptions> = {}): CardSet =>
  cardSetSchema.parse(buildCardSet("acme", plans, { today: "2026-11-21", ...options }));

test("the sum is that of the cards, with one card a stack in the given order", () => {
  const { totals, cards, verdict, complete } = setOf([global, one, two]);
  expect(totals).toMatchObject([{ currency: "USD", before: "0.5", after: "76.42", diff: "75.92", unpricedCount: 0 }]);
  expect(cards.map(({ stack, totals }) => [stack, totals[0]?.after])).toEqual([
    ["acme-global", "0.5"],
    ["acme-eu-central-1", "37.96"],
    ["acme-eu-west-1", "37.96"],
  ]);
  expect([complete, verdict]).toEqual([true, { exitCode: 0, reasons: [] }]);
});

test("limits hold for the sum, not for each stack", () => {
  const allowUnpriced = 2;
  expect(setOf([one, two], { allowUnpriced, budget: parseMoney("50USD", "") }).verdict).toEqual({
    exitCode: 3,
    reasons: ["over budget: 75.92 USD a month are more than the budget of 50.00 USD"],
  });
  expect(setOf([one, two], { allowUnpriced, budget: parseMoney("75.92USD", "") }).verdict.exitCode).toBe(0);
  expect(setOf([one, two], { allowUnpriced, maxIncrease: parseIncrease("75USD", "") }).verdict.exitCode).toBe(3);
  expect(setOf([one, two], { allowUnpriced: 1, budget: parseMoney("90USD", "") }).verdict.reasons.join()).toContain(
    "unknown: 2 without a price, 1 allowed",
  );
});

test("what a usage file declares counts once, and a figure that any of the plans asks for is used", () => {
  const usage = (text: string) => parseUsage(text, "usage.yaml");
  const declared = "generators: [{ name: disks, kind: kubernetes-volume, monthly: 10USD }]";
  const options = { budget: parseMoney("85.92USD", "") };
  const { generators, cards, verdict } = setOf([one, two], { ...options, usage: usage(declared) });
  expect([generators.length, cards.flatMap((card) => card.generators), verdict.exitCode]).toEqual([1, [], 0]);
  const figure = usage("types: { aws:route53/zone:Zone: { standard-queries-million: 1 } }");
  expect(setOf([one, global], { usage: figure }).totals[0]).toMatchObject({ after: "38.86", usage: { after: "0.4" } });
  expect(() => setOf([one, two], { usage: usage("types: { a: { b: 1 } }") })).toThrow("types.a.b");
});

test("a plan that the engine refuses leaves no sum, exit 1 with its stack, whatever the others say", () => {
  const refused = plan("acme-eu-west-1", [], { diagnostics: [{ severity: "error", message: "no quota" }] });
  const { complete, totals, verdict, cards } = setOf([global, one, refused]);
  expect([complete, totals[0]?.after, cards.map(({ engineExit }) => engineExit)]).toEqual([false, null, [0, 0, 255]]);
  expect(verdict).toEqual({ exitCode: 1, reasons: ["the engine refuses: acme-eu-west-1: no quota"] });
});

test("an unknown amount of one stack is none of the sum's difference; data at risk in one is everybody's exit 3", () => {
  const open = plan("acme-eu-west-1", [nat("out", { inputs: { region: unknownValue } })]);
  expect(setOf([one, open]).totals).toMatchObject([{ after: "37.96", diff: null, unpricedCount: 1 }]);
  const gone = plan("acme-eu-west-1", [
    { op: "delete", type: "aws:kms/key:Key", name: "key", inputs: { region: "eu-central-1" } },
  ]);
  const { verdict, cards } = setOf([one, gone]);
  expect(verdict.exitCode).toBe(3);
  const urn = cards[1]!.resources[0]!.urn;
  expect(verdict.reasons.join()).toContain(urn);
  expect(setOf([one, gone], { allowDataLoss: new Set([urn]) }).verdict.exitCode).toBe(0);
  expect(() => setOf([one, gone], { allowDataLoss: new Set([`${urn}2`]) })).toThrow("the URN of a resource of the plan");
});

test("a base is one stack's, so that several refuse it", () => {
  expect(() => setOf([one, two], { base: one.plan })).toThrow("one stack, not all of acme");
});

test("terminal and comment show the sum and each stack, and one comment fits its host however much changes", () => {
  const set = setOf([global, one, two]);
  const [terminal, markdown] = [renderSetTerminal(set), renderSetMarkdown(set)];
  for (const text of ["0.50 → 76.42 USD a month (+75.92)", "0.00 → 37.96 USD a month (+37.96)"]) {
    expect(terminal).toContain(text);
    expect(markdown).toContain(text);
  }
  expect(terminal.split("\n").at(-1)).toBe("Exit 0: ok");
  expect(markdown.split("\n").slice(0, 2)).toEqual([
    "<!-- fidus-card acme -->",
    "### <code>acme</code> ▲ 0.50 → 76.42 USD a month (+75.92)",
  ]);
  const many = plan(
    "acme-eu-west-1",
    Array.from({ length: 2_000 }, (_, index) => nat(`out-${index}`)),
  );
  expect(renderSetMarkdown(setOf([global, many, many])).length).toBeLessThan(65_536);
});
