import { isGuess, replaceRules } from "../rules/replacing.ts";
import { changedInputs, isOrderedAnew, type Change, type ResourceState } from "./changes.ts";
import type { Plan } from "./read.ts";

/**
 * What a plan changes against another program's plan of the same stack, instead of against what is deployed: `before` is what the
 * base would leave, `after` what the plan would. What neither of them orders anew keeps the price of its day of order.
 */
export function againstBase(plan: Plan, base: Plan): Plan {
  const was = new Map(base.changes.flatMap((change) => (change.after === null ? [] : [[change.urn, change] as const])));
  const is = new Map(plan.changes.flatMap((change) => (change.after === null ? [] : [[change.urn, change] as const])));
  const left = new Set(plan.changes.flatMap(({ urn, orphan }) => (orphan === null ? [] : [urn])));
  const changes = [...new Set([...was.keys(), ...is.keys()])].map((urn) => between(was.get(urn), is.get(urn), left.has(urn)));
  return { ...plan, changes, providers: new Map([...base.providers, ...plan.providers]) };
}

function between(old: Change | undefined, now: Change | undefined, isLeft: boolean): Change {
  const { urn, name, type } = (now ?? old) as Change;
  const [before, after] = [leftBy(old), leftBy(now)];
  const paths = before === null || after === null ? [] : changedInputs(before.inputs, after.inputs);
  const rule = replaceRules[type];
  const guessed = rule === undefined ? [] : paths.filter((path) => isGuess(type, path));
  const replaced = guessed.length > 0 || paths.some((path) => rule?.replace.includes(path) === true);
  const op =
    before === null ? "create" : after === null ? "delete" : paths.length === 0 ? "same" : replaced ? "replace" : "update";
  const gone = op === "delete" || op === "replace";
  const orphan = gone && (isLeft || before?.retainOnDelete === true) ? before : null;
  return { urn, name, type, op, before, after, orphan, deleteFirst: false, paths, guessed };
}

function leftBy(change: Change | undefined): ResourceState | null {
  if (change?.after == null) return null;
  return { ...change.after, created: isOrderedAnew(change) ? null : (change.before?.created ?? change.after.created) };
}
