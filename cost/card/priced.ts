import type { Estimate, Line } from "../estimators/bill.ts";
import { estimate } from "../estimators/index.ts";
import type { Subject } from "../estimators/subject.ts";
import { amount, sum, zero, type Amount, type Currency } from "../money.ts";
import { isOrderedAnew, type Change, type ResourceState } from "../plan/changes.ts";
import type { Plan } from "../plan/read.ts";
import { planned } from "../plan/values.ts";
import type { Usage } from "./usage.ts";

/** The bill of one resource on one side of the deployment. */
export interface Side {
  readonly currency: Currency | null;
  readonly lines: readonly Line[];
  readonly fixed: Amount;
  readonly usage: Amount;
  /** Why it is not known in full; [] when it is. */
  readonly reasons: readonly string[];
}

/** A change with both of its bills. */
export interface Priced {
  readonly change: Change;
  readonly before: Side;
  readonly after: Side;
  /** What was taken for unknown inputs: `serverType = cx53`. */
  readonly assumed: readonly string[];
}

type Which = "before" | "after";

const nothing: Side = { currency: null, lines: [], fixed: zero, usage: zero, reasons: [] };

/** Prices every change of a plan. `today`: ISO date. */
export function priceAll(plan: Plan, today: string, usage: Usage | null): readonly Priced[] {
  // What an earlier deployment left shares its URN with the living one, and has no state afterwards.
  const statesOf = (which: Which): ReadonlyMap<string, ResourceState> =>
    new Map(plan.changes.flatMap((change) => (change[which] === null ? [] : [[change.urn, change[which]] as const])));
  const states = { before: statesOf("before"), after: statesOf("after") };
  const subject = (change: Change, state: ResourceState, which: Which): Subject => ({
    type: state.type,
    name: change.name,
    inputs: withAssumed(change, state.inputs, usage),
    provider: state.provider === null ? {} : (plan.providers.get(state.provider) ?? {}),
    ordered: (which === "before" ? state : change.before)?.created?.slice(0, 10) ?? null,
    anew: which === "after" && isOrderedAnew(change),
    today,
    related: (input) => (state.comesFrom[input] ?? []).flatMap((urn) => states[which].get(urn) ?? []),
    usage: (key) => usage?.figure({ urn: change.urn, name: change.name, type: change.type }, key) ?? null,
  });
  const side = (change: Change, state: ResourceState | null, which: Which): Side =>
    state === null ? nothing : sideOf(estimate(subject(change, state, which)), usage?.hasFigures === true);
  return plan.changes.map((change) => {
    const before = side(change, change.before, "before");
    const after = side(change, change.after, "after");
    return {
      change,
      before,
      after: change.orphan === null ? after : withOrphan(after, side(change, change.orphan, "before")),
      assumed: assumedOf(change, usage),
    };
  });
}

/** Inputs with what the usage file says of those that are known only after the deployment. */
function withAssumed(change: Change, inputs: ResourceState["inputs"], usage: Usage | null): ResourceState["inputs"] {
  if (usage === null) return inputs;
  return Object.fromEntries(
    Object.entries(inputs).map(([input, value]) => {
      // Asked in any case: one file serves the deployment that buys the server and all that follow it.
      const assumed = usage.assumed(change, input) ?? value;
      return [input, planned(value).kind === "unknown" ? assumed : value];
    }),
  );
}

function assumedOf(change: Change, usage: Usage | null): readonly string[] {
  const inputs = change.after?.inputs ?? {};
  const taken = withAssumed(change, inputs, usage);
  return Object.keys(inputs).flatMap((input) => (taken[input] === inputs[input] ? [] : [`${input} = ${String(taken[input])}`]));
}

/** `withFigures`: uses are part of the amount, so that one without a figure makes it unknown. */
function sideOf({ currency, lines, reasons }: Estimate, withFigures: boolean): Side {
  const known = (usageBased: boolean): Amount =>
    sum(lines.flatMap((line) => (line.usageBased === usageBased ? (amount(line.monthly) ?? []) : [])));
  const open = lines.filter(({ usageKey, monthly }) => withFigures && usageKey !== null && monthly === null);
  const missing = open.map(({ usageKey }) => `${usageKey}: the usage file has no figure`);
  return { currency, lines, fixed: known(false), usage: known(true), reasons: [...new Set([...reasons, ...missing])] };
}

/** What is deleted from the stack but not at the vendor stays on the bill. */
function withOrphan(after: Side, left: Side): Side {
  return {
    currency: after.currency ?? left.currency,
    lines: [...after.lines, ...left.lines.map((line) => ({ ...line, item: `orphan, still billed: ${line.item}` }))],
    fixed: after.fixed.plus(left.fixed),
    usage: after.usage.plus(left.usage),
    reasons: [...after.reasons, ...left.reasons],
  };
}

/** The amount of a side; null while a part of it is not known. */
export function amountOf({ fixed, usage, reasons }: Side, withUsage: boolean): Amount | null {
  if (reasons.length > 0) return null;
  return withUsage ? fixed.plus(usage) : fixed;
}
