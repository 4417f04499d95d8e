import { exact, sum, type Amount, type Currency } from "../money.ts";
import type { Priced } from "./priced.ts";
import type { Total } from "./schema.ts";

const none = { before: null, after: null, diff: null };

/**
 * One total per currency, sorted; an empty plan costs 0 EUR. Sums are of what is known; the difference is not known as soon as
 * something that changes has no price on one side. Of a plan that the engine refuses nothing adds up.
 */
export function totalsOf(all: readonly Priced[], withUsage: boolean, complete: boolean): Total[] {
  const byCurrency = Map.groupBy(all, ({ before, after }) => after.currency ?? before.currency);
  // What nobody knows may be billed in any of them.
  const unknown = (byCurrency.get(null) ?? []).filter(isUnpriced);
  const currencies = [...byCurrency.keys()].filter((each) => each !== null).sort();
  return (currencies.length > 0 ? currencies : (["EUR"] as const)).map((currency) =>
    totalOf(currency, [...(byCurrency.get(currency) ?? []), ...unknown], withUsage, complete),
  );
}

function totalOf(currency: Currency, part: readonly Priced[], withUsage: boolean, complete: boolean): Total {
  const unpricedCount = part.filter(isUnpriced).length;
  const comparable = part.every((each) => !isUnpriced(each) || isSameUnknown(each));
  const fixed = changeOf(part, comparable, (side) => side.fixed);
  const usage = withUsage ? changeOf(part, comparable, (side) => side.usage) : none;
  const whole = withUsage ? changeOf(part, comparable, (side) => side.fixed.plus(side.usage)) : fixed;
  if (!complete) return { currency, fixed: none, usage: none, ...none, unpricedCount };
  return { currency, fixed, usage, ...whole, unpricedCount };
}

function changeOf(part: readonly Priced[], comparable: boolean, of: (side: Priced["after"]) => Amount): Total["fixed"] {
  const before = sum(part.map((each) => of(each.before)));
  const after = sum(part.map((each) => of(each.after)));
  return { before: exact(before), after: exact(after), diff: comparable ? exact(after.minus(before)) : null };
}

/** A part of its bill, before or after, is not known. */
export function isUnpriced({ before, after }: Pick<Priced, "before" | "after">): boolean {
  return before.reasons.length > 0 || after.reasons.length > 0;
}

/** Whatever it costs, it goes on costing the same. */
function isSameUnknown({ change, before, after }: Priced): boolean {
  return change.op === "same" && before.reasons.length > 0 && after.reasons.length > 0;
}
