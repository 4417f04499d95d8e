import { changesOf, type Change, type ResourceState } from "./changes.ts";
import { failureOf, parseDigest, refused, type Digest } from "./document.ts";

/** What a preview says will happen to a stack. */
export interface Plan {
  readonly stack: string;
  /** Stack config as the engine shows it; secrets are "[secret]". */
  readonly config: Readonly<Record<string, unknown>>;
  /** Every custom resource but providers, once each, in the order of the plan. */
  readonly changes: readonly Change[];
  /** Inputs of the plan's providers, by URN. */
  readonly providers: ReadonlyMap<string, ResourceState["inputs"]>;
  /** Why the engine refuses the plan; null for a preview that succeeded. What a refused plan shows is not all. */
  readonly failure: string | null;
}

/** One resource after the deployment that a plan describes. */
export interface PlannedResource extends ResourceState {
  readonly urn: string;
  /** Logical name. */
  readonly name: string;
}

/**
 * Reads `pulumi preview --json --show-sames`, with or without `--show-replacement-steps`. Throws InvalidInputError when it is
 * something else and when unchanged resources were left out: what is not shown can be neither judged nor added up.
 */
export function readPlan(text: string, file: string): Plan {
  const digest = parseDigest(text, file);
  const { config = {}, steps } = digest;
  const failure = failureOf(digest);
  if (failure === null) refuseGaps(digest, file);
  refuseTwins(digest, file);
  return {
    stack: steps[0]?.urn.split("::")[0]?.split(":").at(-1) ?? "",
    config,
    changes: changesOf(steps),
    providers: providersOf(steps),
    failure,
  };
}

/** Throws InvalidInputError for a plan that the engine refuses: it does not say what will exist. */
export function refuseFailed({ failure }: Plan, file: string): void {
  if (failure !== null) throw refused(file, `a preview that failed: ${failure}`, "a preview that succeeded");
}

/** What will exist once a plan has been carried out. */
export function plannedResources({ changes }: Pick<Plan, "changes">): readonly PlannedResource[] {
  return changes.flatMap(({ urn, name, after }) => (after === null ? [] : [{ ...after, urn, name }]));
}

function refuseGaps({ steps, changeSummary = {} }: Digest, file: string): void {
  // Even an empty program plans its stack.
  if (steps.length === 0) throw refused(file, "a plan without a step", "the stack and all of its resources");
  const shown = steps.filter(({ op }) => op === "same").length;
  if (shown < (changeSummary["same"] ?? 0)) {
    throw refused(file, `${shown} of ${changeSummary["same"]} unchanged resources`, "all of them");
  }
}

/** A resource has one URN and one step of a kind; of two, one would not be counted. What earlier replacements left shares a URN. */
function refuseTwins({ steps }: Digest, file: string): void {
  const seen = new Set<string>();
  for (const { op, urn, oldState } of steps) {
    if (oldState?.delete === true) continue;
    if (seen.has(`${op} ${urn}`)) throw refused(file, `two steps "${op}" of ${urn}`, "one");
    seen.add(`${op} ${urn}`);
  }
}

function providersOf(steps: Digest["steps"]): Plan["providers"] {
  const states = steps.flatMap(({ urn, newState, oldState }) => {
    const state = newState ?? oldState;
    return state?.type.startsWith("pulumi:providers:") === true ? [[urn, state.inputs ?? {}] as const] : [];
  });
  return new Map(states);
}
