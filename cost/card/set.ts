import { amount, exact, sum } from "../money.ts";
import type { Plan } from "../plan/read.ts";
import { weakest } from "../prices/table.ts";
import { priceAge } from "./age.ts";
import { buildCard, refuseUnknownNames, urnsOf } from "./build.ts";
import { wrong, type CardOptions } from "./options.ts";
import type { Card, CardSet, Total } from "./schema.ts";
import { verdictOf } from "./verdict.ts";

/** One of several plans, and the exit code of the engine that made it. */
export interface SetPlan {
  readonly plan: Plan;
  readonly engineExit: number | null;
}

/**
 * A card for each of several stacks that are one installation, and their sum. Limits hold for the sum, and what a usage file
 * declares counts once. Throws as `buildCard`, and for a base, which is one stack's.
 */
export function buildCardSet(name: string, plans: readonly SetPlan[], options: CardOptions): CardSet {
  if (options.base !== undefined)
    throw wrong("--base", "a plan", `one stack, not all of ${name}`, `./fidus preview ${name}-global`);
  const whole = plans.map(({ plan, engineExit }) => buildCard(plan, partOf(options, plan, engineExit)));
  if (plans.every(({ plan }) => plan.failure === null)) {
    refuseUnknownNames(new Set(plans.flatMap(({ plan }) => [...urnsOf(plan)])), options);
  }
  // Each card was told what is declared, so that it leaves out what that accounts for; the amounts belong to all.
  const generators = whole[0]?.generators.filter(isDeclared) ?? [];
  const cards = whole.map((card) => ({ ...card, generators: card.generators.filter((each) => !isDeclared(each)) }));
  const complete = cards.every((card) => card.complete);
  const facts = {
    complete,
    failure: cards.flatMap(({ stack, failure }) => (failure === null ? [] : [`${stack}: ${failure}`])).join("; ") || null,
    totals: totalsOf(cards, complete),
    resources: cards.flatMap(({ resources }) => resources),
    unpriced: cards.flatMap(({ unpriced }) => unpriced),
    generators: [...cards.flatMap((card) => card.generators), ...generators],
    findings: cards.flatMap(({ findings }) => findings),
  };
  const age = priceAge(facts.resources, options.today);
  return {
    schema: "fidus.cards/1",
    stack: name,
    complete,
    priceDate: age.date,
    confidence: weakest(cards.flatMap(({ confidence }) => confidence ?? [])),
    totals: facts.totals,
    generators,
    cards,
    verdict: verdictOf(facts, options, age),
  };
}

/** How one of the plans is judged alone: without the limits of the sum, and without what is another one's. */
function partOf({ budget: _, maxIncrease: __, ...options }: CardOptions, plan: Plan, engineExit: number | null): CardOptions {
  const { usage, allowDataLoss = new Set<string>() } = options;
  const own = urnsOf(plan);
  return {
    ...options,
    engineExit,
    allowDataLoss: new Set([...allowDataLoss].filter((urn) => own.has(urn))),
    ...(usage === undefined ? {} : { usage: { ...usage, unused: () => [] } }),
  };
}

function isDeclared({ monthly }: Card["generators"][number]): boolean {
  return monthly !== null;
}

/** One total per currency. What a card without any amount says in euros is no currency of the installation. */
function totalsOf(cards: readonly Card[], complete: boolean): Total[] {
  const all = cards.flatMap(({ totals }) => totals);
  const billed = all.filter(({ unpricedCount, ...total }) => unpricedCount > 0 || !isNothing(total));
  const byCurrency = Map.groupBy(billed.length > 0 ? billed : all, ({ currency }) => currency);
  return [...byCurrency]
    .map(([currency, totals]): Total => {
      const change = (part: (total: Total) => Total["fixed"]): Total["fixed"] => {
        const side = (which: "before" | "after" | "diff"): string | null => {
          const values = totals.map((total) => amount(part(total)[which]));
          return complete && values.every((value) => value !== null) ? exact(sum(values)) : null;
        };
        return { before: side("before"), after: side("after"), diff: side("diff") };
      };
      return {
        currency,
        fixed: change(({ fixed }) => fixed),
        usage: change(({ usage }) => usage),
        ...change((total) => total),
        unpricedCount: totals.reduce((count, total) => count + total.unpricedCount, 0),
      };
    })
    .sort((a, b) => (a.currency < b.currency ? -1 : 1));
}

function isNothing({ before, after }: Pick<Total, "before" | "after">): boolean {
  return [before, after].every((value) => amount(value)?.eq(0) === true);
}
