import type { Change } from "../plan/changes.ts";
import { inputAt } from "../plan/values.ts";
import { dataOf, losesInPlace, vendorRefuses } from "./data-holders.ts";
import { mayReplace } from "./downtime.ts";

/** none: no data is lost; protected: something stands in the way, or a fresh copy exists; at-risk: neither. */
export type DataRisk = "none" | "protected" | "at-risk";

export interface Risk {
  readonly risk: DataRisk;
  /** What would be lost; null for nothing. */
  readonly what: string | null;
}

/** What a change deletes for good. `backedUp`: a verified copy exists that is fresh enough. */
export function dataRiskOf(change: Change, backedUp: boolean): Risk {
  const what = lost(change);
  if (what === null || change.before === null) return { risk: "none", what: null };
  const { type, before, orphan } = change;
  const inPlace = change.op === "update" && !mayReplace(change);
  const kept = orphan !== null || before.protect || vendorRefuses(type, before.inputs);
  return { risk: (kept && !inPlace) || backedUp ? "protected" : "at-risk", what };
}

function lost(change: Change): string | null {
  const { type, name, op, paths, after } = change;
  if (["delete", "replace", "leftover"].includes(op) || mayReplace(change)) return dataOf(type, name);
  const rule = losesInPlace[type];
  if (op !== "update" || rule === undefined || after === null || !paths.includes(rule.path)) return null;
  const now = inputAt(after.inputs, rule.path);
  return now.kind === "unknown" || (now.kind === "known" ? now.value : rule.by) === rule.by ? rule.what : null;
}
