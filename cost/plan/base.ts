import { isGuess, replaceRules } from "../rules/replacing.ts";
import { changedInputs, isOrderedAnew, type Change, type ResourceState } from "./changes.ts";
import type { Plan } from "./read.ts";

/** A resource as one of the two plans leaves it. */
interface Left {
  readonly change: Change;
  readonly state: ResourceState;
}

/**
 * What a plan changes against another program's plan of the same stack, instead of against what is deployed: `before` is what the
 * base would leave, `after` what the plan would. What neither of them orders anew keeps the price of its day of order, a rename by
 * an alias is no change, and what either lets go without deleting it is billed on its side.
 */
export function againstBase(plan: Plan, base: Plan): Plan {
  const orphans = matched(orphansOf(base), orphansOf(plan));
  const living = matched(livingOf(base), livingOf(plan));
  // What only one of them lets go may be what the other one keeps.
  const kept = matched(orphans.onlyOld, living.onlyNow);
  const dropped = matched(living.onlyOld, orphans.onlyNow);
  const replaced = matched(
    living.both.map(([old]) => old),
    dropped.onlyNow,
  );
  const isLeft = new Set([...dropped.both, ...replaced.both].map(([old]) => old.change));
  const changes = [
    ...orphans.both.map(([old, now]) => orphanOf("same", old, now)),
    ...kept.onlyOld.map((old) => orphanOf("delete", old, null)),
    ...[...living.both, ...kept.both].map(([old, now]) => between(old, now, isLeft.has(old.change))),
    ...kept.onlyNow.map((now) => between(null, now, false)),
    ...[...dropped.both.map(([old]) => old), ...dropped.onlyOld].map((old) => between(old, null, isLeft.has(old.change))),
    ...replaced.onlyNow.map((now) => orphanOf("delete", null, now)),
  ];
  return { ...plan, changes: stillBilled(changes, replaced.both), providers: new Map([...base.providers, ...plan.providers]) };
}

/** A replacement of the plan that leaves the old one, which is none against the base: the old one is billed all the same. */
function stillBilled(changes: readonly Change[], left: readonly (readonly [Left, Left])[]): readonly Change[] {
  const shown = new Set(changes.flatMap(({ urn, orphan }) => (orphan === null ? [] : [urn])));
  return [...left.flatMap(([, now]) => (shown.has(now.change.urn) ? [] : [orphanOf("delete", null, now)])), ...changes];
}

function livingOf({ changes }: Plan): Left[] {
  return changes.flatMap((change) => {
    if (change.after === null) return [];
    const created = isOrderedAnew(change) ? null : (change.before?.created ?? change.after.created);
    return [{ change, state: { ...change.after, created } }];
  });
}

function orphansOf({ changes }: Plan): Left[] {
  return changes.flatMap((change) => (change.orphan === null ? [] : [{ change, state: change.orphan }]));
}

interface Matched {
  readonly both: readonly (readonly [old: Left, now: Left])[];
  readonly onlyOld: readonly Left[];
  readonly onlyNow: readonly Left[];
}

/** Pairs of the same resource, each once: by URN, then by the names that it had. */
function matched(old: readonly Left[], now: readonly Left[]): Matched {
  const byUrn = paired(old, now, ({ change }) => [change.urn]);
  const byFormer = paired(byUrn.onlyOld, byUrn.onlyNow, ({ change }) => [change.urn, ...change.formerUrns]);
  return { ...byFormer, both: [...byUrn.both, ...byFormer.both] };
}

function paired(old: readonly Left[], now: readonly Left[], names: (left: Left) => readonly string[]): Matched {
  const named = old.flatMap((left) => names(left).map((name) => ({ name, left })));
  const byName = Map.groupBy(named, ({ name }) => name);
  const taken = new Map<Left, Left>();
  for (const one of now) {
    const same = names(one).flatMap((name) => byName.get(name) ?? []);
    const found = same.find(({ left }) => !taken.has(left));
    if (found !== undefined) taken.set(found.left, one);
  }
  const matches = new Set(taken.values());
  return { both: [...taken], onlyOld: old.filter((each) => !taken.has(each)), onlyNow: now.filter((each) => !matches.has(each)) };
}

function between(old: Left | null, now: Left | null, isLeft: boolean): Change {
  const { urn, name, type, formerUrns } = ((now ?? old) as Left).change;
  const [before, after] = [old?.state ?? null, now?.state ?? null];
  const paths = before === null || after === null ? [] : changedInputs(before.inputs, after.inputs);
  const rule = replaceRules[type];
  const guessed = rule === undefined ? [] : paths.filter((path) => isGuess(type, path));
  const replaced = guessed.length > 0 || paths.some((path) => rule?.replace.includes(path) === true);
  const op =
    before === null ? "create" : after === null ? "delete" : paths.length === 0 ? "same" : replaced ? "replace" : "update";
  const gone = op === "delete" || op === "replace";
  const orphan = gone && (isLeft || before?.retainOnDelete === true) ? before : null;
  return { urn, name, type, formerUrns, op, before, after, orphan, deleteFirst: false, paths, guessed };
}

/** What is not in the stack any more and still billed: on both sides, on the base's, or on the plan's. */
function orphanOf(op: "same" | "delete", old: Left | null, now: Left | null): Change {
  const { urn, name, type, formerUrns } = ((now ?? old) as Left).change;
  const orphan = now?.state ?? null;
  return {
    urn,
    name,
    type,
    formerUrns,
    op,
    before: old?.state ?? null,
    after: null,
    orphan,
    deleteFirst: false,
    paths: [],
    guessed: [],
  };
}
