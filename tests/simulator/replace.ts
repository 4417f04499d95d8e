import type { Change, DiffResult } from "../../toolchain/providers/resource.ts";
import { sameValue, unknownSentinel, type Wire, type WireMap } from "../../toolchain/providers/values.ts";
import { isGuess, replaceRules, type ReplaceRule } from "../../cost/rules/replacing.ts";

/**
 * What changed between two sets of plain inputs and whether the resource survives it. What the table does not know for sure
 * counts as a replacement and is reported, so that a plan looks worse than the truth, never better.
 */
export function diffInputs(type: string, before: WireMap, after: WireMap): DiffResult {
  const rule = replaceRules[type];
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
  const paths = keys.flatMap((key) => changedPaths(before[key], after[key], key));
  const changed = paths.map((path): Change => {
    const [old, now] = [at(before, path), at(after, path)];
    const kind = old === undefined ? "add" : now === undefined ? "delete" : "update";
    return { key: path, kind, replace: isGuess(type, path) || replaces(rule, path) };
  });
  const guesses = changed.filter(({ key }) => isGuess(type, key)).map(({ key }) => key);
  return {
    changed,
    deleteFirst: changed.some(({ replace }) => replace) && deletesFirst(rule, before, after),
    warnings: guesses.map(
      (key) => `simulated: whether a change of ${key} replaces a ${type} is not known for sure; taken as yes`,
    ),
  };
}

function replaces(rule: ReplaceRule | undefined, path: string): boolean {
  const row = path.replaceAll(/\[\d+\]/g, "");
  const listed = rule?.replace ?? [];
  return listed.some((each) => row === each || row.startsWith(`${each}.`) || each.startsWith(`${row}.`));
}

/** The bridge's rule: a name that is written out and stays cannot exist twice, so the old resource goes first. */
function deletesFirst(rule: ReplaceRule | undefined, before: WireMap, after: WireMap): boolean {
  if (rule?.deleteBeforeReplace !== null) return rule?.deleteBeforeReplace ?? false;
  return after["name"] !== undefined && sameValue(before["name"], after["name"]);
}

/** The innermost paths whose values differ: `rules[1].port`. An unknown value counts as different. */
function changedPaths(before: Wire | undefined, after: Wire | undefined, path: string): string[] {
  if (isMap(before) && isMap(after)) {
    const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
    return keys.flatMap((key) => changedPaths(before[key], after[key], `${path}.${key}`));
  }
  if (Array.isArray(before) && Array.isArray(after)) {
    const longest = before.length > after.length ? before : after;
    return longest.flatMap((_, index) => changedPaths(before[index], after[index], `${path}[${index}]`));
  }
  const present = (value: Wire | undefined): Wire | undefined => (value === null ? undefined : value);
  return after !== unknownSentinel && sameValue(present(before), present(after)) ? [] : [path];
}

function isMap(value: Wire | undefined): value is WireMap {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function at(map: WireMap, path: string): Wire | undefined {
  let value: Wire | undefined = map;
  for (const key of path.split(/[.[]/)) {
    if (Array.isArray(value)) value = value[Number.parseInt(key, 10)];
    else value = isMap(value) ? value[key] : undefined;
  }
  return value ?? undefined;
}
