import fc from "fast-check";
import { expect, test } from "vitest";
import { amount, exact, sum, type Amount } from "../money.ts";
import { readPlan } from "../plan/read.ts";
import { previewOf, unknownValue, type Step } from "../testing.ts";
import { buildCard } from "./build.ts";
import { parseUsage } from "./usage.ts";
import { cardSchema, type Card } from "./schema.ts";

const usage = "types:\n  aws:ec2/natGateway:NatGateway: { data-gb: 12.5 }\n";
const card = (steps: readonly Step[], withUsage = false): Card =>
  cardSchema.parse(
    buildCard(readPlan(previewOf([stack, ...steps]), "plan.json"), {
      today: "2026-11-21",
      ...(withUsage && steps.some(({ type }) => type.includes("nat")) ? { usage: parseUsage(usage, "usage.yaml") } : {}),
    }),
  );
const stack: Step = { op: "same", type: "pulumi:pulumi:Stack", name: "fidus-shop", state: { custom: false } };

const server = fc.record({
  serverType: fc.constantFrom("cx33", "cx43", "cpx42", "ccx63", "cx99", unknownValue, "[secret]"),
  location: fc.constantFrom("nbg1", "hel1", "ash"),
  backups: fc.boolean(),
});
const volume = fc.record({
  size: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.constant(unknownValue)),
  location: fc.constant("nbg1"),
});
const nat = fc.record({ region: fc.constantFrom("eu-central-1", "eu-west-1", "eu-north-1", unknownValue) });
const kinds = {
  "hcloud:index/server:Server": server,
  "hcloud:index/volume:Volume": volume,
  "aws:ec2/natGateway:NatGateway": nat,
  "random:index/id:Id": fc.constant({}),
  "foo:index/bar:Bar": fc.constant({}),
} as const;

/** A resource on both sides of a deployment; null where there is none. */
interface Both {
  readonly type: string;
  readonly was: object | null;
  readonly is: object | null;
}
const both: fc.Arbitrary<Both> = fc
  .constantFrom(...(Object.keys(kinds) as (keyof typeof kinds)[]))
  .chain((type) =>
    fc
      .record({ type: fc.constant(type), was: fc.option(kinds[type]), is: fc.option(kinds[type]) })
      .filter(({ was, is }) => was !== null || is !== null),
  );
const stacks = fc.array(both, { maxLength: 12 });

/** Every fifth stays at the vendor when it is deleted, which has no way back. */
function steps(all: readonly Both[], keeps = true): Step[] {
  return all.map(({ type, was, is }, index): Step => {
    const op = was === null ? "create" : is === null ? "delete" : JSON.stringify(was) === JSON.stringify(is) ? "same" : "update";
    return {
      op,
      type,
      name: `r${index}`,
      inputs: { ...is },
      was: { ...was },
      state: { retainOnDelete: keeps && index % 5 === 4 },
    };
  });
}
const reversed = (all: readonly Both[]): Both[] => all.map(({ type, was, is }) => ({ type, was: is, is: was }));
const lower = (a: string | null, b: string | null): boolean => a !== null && b !== null && amount(a)!.lt(b);
const totalOf = (of: Card, currency: string): Card["totals"][number] | undefined =>
  of.totals.find((each) => each.currency === currency);

test("totals are the sums of the lines, fixed and by use, before and after", () => {
  fc.assert(
    fc.property(stacks, fc.boolean(), (all, withUsage) => {
      const { totals, resources } = card(steps(all), withUsage);
      for (const { currency, fixed, usage, before, after, diff } of totals) {
        const of = (key: "lines" | "beforeLines", usageBased: boolean): Amount =>
          sum(
            resources
              .filter((each) => each.currency === currency)
              .flatMap((each) =>
                each[key].flatMap((line) => (line.usageBased === usageBased ? (amount(line.monthly) ?? []) : [])),
              ),
          );
        const sums = [of("beforeLines", false), of("lines", false), of("beforeLines", true), of("lines", true)].map(exact);
        expect([fixed.before, fixed.after]).toEqual(sums.slice(0, 2));
        if (usage.after !== null) expect([usage.before, usage.after]).toEqual(sums.slice(2));
        const whole = (known: string | null, used: string | null): string => exact(amount(known)!.plus(used ?? "0"));
        expect([before, after]).toEqual([whole(fixed.before, usage.before), whole(fixed.after, usage.after)]);
        if (diff !== null) expect(diff).toBe(exact(amount(after)!.minus(before!)));
      }
    }),
  );
});

test("the way back costs the opposite: diff(a, b) = −diff(b, a)", () => {
  fc.assert(
    fc.property(stacks, (all) => {
      const [there, back] = [card(steps(all, false)), card(steps(reversed(all), false))];
      for (const { currency, diff } of there.totals) {
        const other = totalOf(back, currency)!.diff;
        expect(other).toBe(diff === null ? null : exact(amount(diff)!.times(-1)));
      }
    }),
  );
});

test("the order of the steps does not matter", () => {
  const shuffled = stacks.chain((all) =>
    fc.tuple(fc.constant(steps(all)), fc.shuffledSubarray(steps(all), { minLength: all.length })),
  );
  fc.assert(fc.property(shuffled, ([a, b]) => void expect(card(b)).toEqual(card(a))));
});

test("adding a resource never lowers a total, and one without a price is counted", () => {
  fc.assert(
    fc.property(stacks, both, (all, more) => {
      const added = [{ ...more, was: null, is: more.is ?? more.was }];
      const [less, full] = [card(steps(all)), card([...steps(all), ...steps(added).map((step) => ({ ...step, name: "more" }))])];
      for (const { currency, after, unpricedCount } of less.totals) {
        const now = totalOf(full, currency);
        if (now === undefined) continue; // 0 EUR of nothing gives way to another currency
        expect(lower(now.after, after)).toBe(false);
        expect(now.unpricedCount).toBeGreaterThanOrEqual(unpricedCount);
      }
    }),
  );
});

test("an unknown never makes a plan cheaper: the difference is gone, and no limit is kept", () => {
  const known = fc.record({ was: fc.integer({ min: 10, max: 1000 }), is: fc.integer({ min: 10, max: 1000 }) });
  fc.assert(
    fc.property(stacks, known, (all, { was, is }) => {
      const type = "hcloud:index/volume:Volume";
      const disk = (size: unknown): Step => ({
        op: "update",
        type,
        name: "disk",
        was: { size: was, location: "nbg1" },
        inputs: { size, location: "nbg1" },
      });
      const [before, after] = [card([...steps(all), disk(is)]), card([...steps(all), disk(unknownValue)])];
      const [sure, open] = [totalOf(before, "EUR")!, totalOf(after, "EUR")!];
      expect(open.diff).toBeNull();
      expect(open.unpricedCount).toBe(sure.unpricedCount + 1);
      const plan = readPlan(previewOf([stack, ...steps(all), disk(unknownValue)]), "plan.json");
      const rates = new Map([["USD/EUR", amount("0.9")!]]);
      const budget = { amount: amount("1000000")!, currency: "EUR" as const };
      expect(buildCard(plan, { today: "2026-11-21", budget, rates }).verdict.exitCode).toBe(3);
    }),
  );
});
