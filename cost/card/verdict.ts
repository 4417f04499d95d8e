import { amount, exact, rounded, zero, type Amount, type Currency } from "../money.ts";
import { shellWord } from "../render/safe.ts";
import { ageReasons, type PriceAge } from "./age.ts";
import { wrong, type CardOptions } from "./options.ts";
import type { Card, Total } from "./schema.ts";

type Facts = Pick<Card, "complete" | "failure" | "totals" | "resources" | "unpriced" | "generators" | "findings">;

/**
 * What a card means for who asked: 1 when the engine refuses the plan, 3 when a limit is not kept or cannot be shown to be kept,
 * when data is at risk, or when the prices are too old; else 0. Throws InvalidInputError when currencies meet without a rate.
 */
export function verdictOf(card: Facts, options: CardOptions, age: PriceAge): Card["verdict"] {
  const limits = [...budgetReasons(card, options), ...increaseReasons(card, options)];
  if (!card.complete) return { exitCode: 1, reasons: [`the engine refuses: ${card.failure ?? "no reason given"}`] };
  const reasons = [...limits, ...dataReasons(card, options), ...ageReasons(age)];
  return { exitCode: reasons.length > 0 ? 3 : 0, reasons };
}

function dataReasons({ resources }: Facts, { allowDataLoss = new Set() }: CardOptions): string[] {
  return resources
    .filter(({ dataRisk, urn }) => dataRisk === "at-risk" && !allowDataLoss.has(urn))
    .map(
      ({ urn, data }) =>
        `data at risk: ${data ?? "data"} of ${urn}; protect it, give --evidence, or --allow-data-loss ${shellWord(urn)}`,
    );
}

function budgetReasons(card: Facts, options: CardOptions): string[] {
  const { budget } = options;
  if (budget === undefined) return [];
  const after = inOne(card.totals, "after", budget.currency, options).plus(declared(card, budget.currency, options));
  if (after.gt(budget.amount)) {
    const show = digitsFor(after, budget.amount);
    const over = `${show(after)} ${budget.currency} a month are more than the budget of ${show(budget.amount)} ${budget.currency}`;
    return [`over budget: ${over}`];
  }
  return unknownReasons(card, options, "the budget");
}

function increaseReasons(card: Facts, options: CardOptions): string[] {
  const { maxIncrease } = options;
  if (maxIncrease === undefined) return [];
  const currency = "currency" in maxIncrease ? maxIncrease.currency : (options.budget?.currency ?? single(card.totals));
  const [before, after] = [inOne(card.totals, "before", currency, options), inOne(card.totals, "after", currency, options)];
  const most = "percent" in maxIncrease ? before.times(maxIncrease.percent).times("0.01") : maxIncrease.amount;
  const more = after.minus(before);
  if (more.gt(most)) {
    const show = digitsFor(more, most);
    return [`too much more: +${show(more)} ${currency} a month, +${show(most)} ${currency} are allowed`];
  }
  return unknownReasons(card, options, "the increase");
}

/** Cents, and every digit where both would show the same. */
function digitsFor(one: Amount, other: Amount): (value: Amount) => string {
  return rounded(one) === rounded(other) ? exact : rounded;
}

/** What has no price may be anything, so that no limit can be shown to be kept. */
function unknownReasons({ unpriced, generators }: Facts, { allowUnpriced = 0 }: CardOptions, what: string): string[] {
  const count = unpriced.length + generators.filter(({ monthly }) => monthly === null).length;
  if (count <= allowUnpriced) return [];
  return [
    `unknown: ${count} without a price, ${allowUnpriced} allowed, so that nobody can say ${what} is kept; --allow-unpriced ${count}`,
  ];
}

/** All totals in one currency. An amount of nothing needs no rate. */
function inOne(totals: readonly Total[], side: "before" | "after", currency: Currency, options: CardOptions): Amount {
  return totals.reduce((all, total) => {
    const value = amount(total[side]) ?? zero;
    return all.plus(converted(value, total.currency, currency, options));
  }, zero);
}

function declared({ generators }: Facts, currency: Currency, options: CardOptions): Amount {
  return generators.reduce((all, each) => {
    const value = amount(each.monthly);
    return value === null || each.currency === null ? all : all.plus(converted(value, each.currency, currency, options));
  }, zero);
}

function converted(value: Amount, from: Currency, to: Currency, { rates = new Map() }: CardOptions): Amount {
  if (from === to || value.eq(0)) return value;
  const rate: Amount | undefined = rates.get(`${from}/${to}`);
  if (rate === undefined) {
    throw wrong(
      "--rate",
      undefined,
      `what one ${from} is worth in ${to}: ${exact(value)} ${from} meet a limit in ${to}`,
      `--rate ${from}/${to}=${from === "USD" ? "0.92" : "1.09"}`,
    );
  }
  return value.times(rate);
}

function single(totals: readonly Total[]): Currency {
  const [first] = totals;
  if (totals.length > 1) {
    throw wrong(
      "--max-increase",
      "a percentage",
      "one currency, or a budget that names it",
      "--max-increase 20EUR, or --budget 200EUR beside it",
    );
  }
  return first?.currency ?? "EUR";
}
