import type { RawState, RawStep } from "./document.ts";

/** A resource as it is before or after the deployment. */
export interface ResourceState {
  /** Token such as `hcloud:index/server:Server`. */
  readonly type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  /** When the stack created it, ISO 8601; null where that is not recorded, as for what was imported. */
  readonly created: string | null;
  /** URN of its provider; null for none. */
  readonly provider: string | null;
  /** URNs of the resources that an input comes from, by input. */
  readonly comesFrom: Readonly<Record<string, readonly string[]>>;
}

/** `leftover`: an earlier deployment replaced it and did not come to delete the old one. */
export type ChangeOp = "same" | "create" | "update" | "replace" | "delete" | "import" | "read" | "leftover";

/** What happens to one resource. */
export interface Change {
  readonly urn: string;
  /** Logical name. */
  readonly name: string;
  readonly type: string;
  /** URNs under which it was or may have been known: before a rename, and its aliases. */
  readonly formerUrns: readonly string[];
  readonly op: ChangeOp;
  /** null: the stack has none of it before the deployment. */
  readonly before: ResourceState | null;
  /** null: none after it. */
  readonly after: ResourceState | null;
  /** Not deleted but left alone, and so still billed: `retainOnDelete` on what is deleted or replaced. */
  readonly orphan: ResourceState | null;
  /** The old one goes before the new one is made. */
  readonly deleteFirst: boolean;
  /** Inputs that change, dotted paths as the engine writes them; [] where nothing does. */
  readonly paths: readonly string[];
  /** Inputs for which it was taken, without asking the provider, that their change replaces. @default none */
  readonly guessed?: readonly string[];
}

/** Steps of the engine to what they do to a resource. A refresh only reads, so it is as good as no change. */
const ops: Readonly<Record<string, ChangeOp>> = {
  same: "same",
  refresh: "same",
  create: "create",
  update: "update",
  replace: "replace",
  "create-replacement": "replace",
  "import-replacement": "replace",
  "read-replacement": "replace",
  "delete-replaced": "replace",
  "discard-replaced": "replace",
  "remove-pending-replace": "replace",
  delete: "delete",
  discard: "delete",
  import: "import",
  read: "read",
};

/** Later steps of a replacement that tell less than an earlier one, and a refresh that another step follows. */
const weak: ReadonlySet<string> = new Set(["delete-replaced", "discard-replaced", "remove-pending-replace", "refresh"]);

/**
 * Every custom resource of the steps but providers, once each. A replacement is shown as one step, as three, or as both; an alias
 * makes its old URN differ from the new one; a leftover of an earlier replacement shares its URN with the living one.
 */
export function changesOf(steps: readonly RawStep[]): readonly Change[] {
  const groups = new Map<string, RawStep[]>();
  const heads = new Map(steps.filter(isHead).flatMap((step) => (step.oldState?.urn ? [[step.oldState.urn, step.urn]] : [])));
  const replaced = new Set(steps.filter(isHead).flatMap(({ urn, oldState }) => [urn, oldState?.urn ?? urn]));
  for (const step of steps) {
    if (!isBillable(step)) continue;
    const urn = weak.has(step.op) ? (heads.get(step.urn) ?? step.urn) : step.urn;
    const key = isLeftover(step, replaced) ? `leftover ${urn} ${groups.size}` : urn;
    groups.set(key, [...(groups.get(key) ?? []), step]);
  }
  return [...groups].map(([key, group]) => changeOf(group, key.startsWith("leftover ")));
}

function isHead({ op }: RawStep): boolean {
  return ops[op] === "replace" && !weak.has(op);
}

function isBillable({ oldState, newState }: RawStep): boolean {
  const state = newState ?? oldState;
  return state !== null && state !== undefined && state.custom !== false && !state.type.startsWith("pulumi:");
}

/** The engine deletes it as one that is replaced, and does not replace it: steps of that kind are shown only when asked for. */
function isLeftover({ op, urn, oldState }: RawStep, replaced: ReadonlySet<string>): boolean {
  return oldState?.delete === true && (op === "delete" || (op === "delete-replaced" && !replaced.has(urn)));
}

function changeOf(group: readonly RawStep[], isLeft: boolean): Change {
  const main = group.find(({ op }) => !weak.has(op)) ?? (group[0] as RawStep);
  const op = isLeft ? "leftover" : Object.hasOwn(ops, main.op) ? (ops[main.op] as ChangeOp) : "update";
  const old = group.find(({ oldState }) => oldState != null)?.oldState ?? null;
  const now = group.findLast(({ newState }) => newState != null)?.newState ?? null;
  const leaves = op === "delete" || op === "leftover";
  // An interrupted delete-first replacement: the old one is gone already.
  const gone = group.some(({ op }) => op === "remove-pending-replace");
  const before = gone ? null : billed(old);
  const deleted = op === "replace" || leaves;
  return {
    urn: main.urn,
    name: main.urn.split("::").at(-1) ?? main.urn,
    type: (now ?? old)?.type ?? "",
    formerUrns: [...new Set([old?.urn ?? main.urn, ...(now?.aliases ?? [])])].filter((urn) => urn !== main.urn),
    op: (now ?? old)?.external === true && !leaves ? "read" : op,
    before,
    after: leaves ? null : billed(now),
    orphan: deleted && before?.retainOnDelete === true && main.op !== "discard" ? before : null,
    deleteFirst: op === "replace" && deletesFirst(group),
    paths: op === "update" || op === "replace" ? changedPaths(main) : [],
  };
}

/** What is only read belongs to somebody else. */
function billed(state: RawState | null): ResourceState | null {
  if (state === null || state.external === true) return null;
  return {
    type: state.type,
    inputs: state.inputs ?? {},
    protect: state.protect ?? false,
    retainOnDelete: state.retainOnDelete ?? false,
    created: state.importID === undefined || state.importID === "" ? (state.created ?? null) : null,
    provider: state.provider?.split("::").slice(0, -1).join("::") ?? null,
    comesFrom: Object.fromEntries(
      Object.entries(state.propertyDependencies ?? {}).map(([key, urns]) => [key, urns ?? []] as const),
    ),
  };
}

/** The engine marks the old state when it deletes first; with all steps shown their order says it too. */
function deletesFirst(group: readonly RawStep[]): boolean {
  if (group.some(({ oldState }) => oldState?.pendingReplacement === true)) return true;
  const at = (wanted: string): number => group.findIndex(({ op }) => op === wanted);
  return at("delete-replaced") >= 0 && at("delete-replaced") < at("create-replacement");
}

function changedPaths({ detailedDiff, diffReasons, oldState, newState }: RawStep): readonly string[] {
  const detailed = Object.keys(detailedDiff ?? {});
  if (detailed.length > 0) return detailed;
  if (diffReasons != null && diffReasons.length > 0) return diffReasons;
  return changedInputs(oldState?.inputs ?? {}, newState?.inputs ?? {});
}

/** Inputs that differ, sorted. A value that neither side knows counts as the same. */
export function changedInputs(old: ResourceState["inputs"], now: ResourceState["inputs"]): readonly string[] {
  const keys = [...new Set([...Object.keys(old), ...Object.keys(now)])].filter((key) => key !== "__defaults");
  return keys.filter((key) => JSON.stringify(old[key]) !== JSON.stringify(now[key])).sort();
}

/** At Hetzner a server that is made, replaced or rescaled is a new order. */
export function isOrderedAnew({ op, paths }: Pick<Change, "op" | "paths">): boolean {
  return op === "create" || op === "replace" || paths.includes("serverType");
}
