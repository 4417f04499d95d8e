import { z } from "zod";
import { InvalidInputError } from "../../infra/core/errors.ts";

const state = z.object({
  type: z.string(),
  custom: z.boolean().optional(),
  protect: z.boolean().optional(),
  inputs: z.record(z.string(), z.unknown()).optional(),
});
const step = z.object({ op: z.string(), urn: z.string(), oldState: state.optional(), newState: state.optional() });
const digest = z.object({
  config: z.record(z.string(), z.unknown()).optional(),
  steps: z.array(step).optional(),
  changeSummary: z.record(z.string(), z.number()).optional(),
  diagnostics: z.array(z.object({ severity: z.string().optional(), message: z.string().optional() })).optional(),
});

/** One resource after the deployment that a plan describes. */
export interface PlannedResource {
  readonly urn: string;
  /** Token such as `hcloud:index/server:Server`. */
  readonly type: string;
  /** Logical name. */
  readonly name: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly protect: boolean;
}

/** What will exist once a plan has been carried out. */
export interface Plan {
  /** Stack config as the engine shows it; secrets are "[secret]". */
  readonly config: Readonly<Record<string, unknown>>;
  readonly resources: readonly PlannedResource[];
}

/** Nothing of these is left after the step. */
const gone: ReadonlySet<string> = new Set(["delete", "delete-replaced", "discard", "discard-replaced", "remove-pending-replace"]);

/**
 * Reads `pulumi preview --json --show-sames`. Throws InvalidInputError when it is something else, when the preview failed, and
 * when unchanged resources were left out: what is not shown cannot be judged.
 */
export function readPlan(text: string, file: string): Plan {
  const { config = {}, steps = [], changeSummary = {}, diagnostics = [] } = parse(text, file);
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (error !== undefined) throw refused(file, `a preview that failed: ${error.message?.trim()}`, "a preview that succeeded");
  // Even an empty program plans its stack.
  if (steps.length === 0) throw refused(file, "a plan without a step", "the stack and all of its resources");
  const shown = steps.filter(({ op }) => op === "same").length;
  if (shown < (changeSummary["same"] ?? 0)) {
    throw refused(file, `${shown} of ${changeSummary["same"]} unchanged resources`, "all of them");
  }
  // With --show-replacement-steps a resource is there up to three times; its last state that stays is what will be.
  const after = new Map<string, PlannedResource>();
  for (const { op, urn, newState } of steps) {
    if (gone.has(op) || newState?.custom !== true) continue;
    const { type, inputs = {}, protect = false } = newState;
    after.set(urn, { urn, type, name: urn.split("::").at(-1) ?? urn, inputs, protect });
  }
  return { config, resources: [...after.values()] };
}

function parse(text: string, file: string): z.infer<typeof digest> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw refused(file, text.trim() === "" ? "an empty file" : "no JSON document", "the document of a preview");
  }
  const read = digest.safeParse(json);
  if (read.success && read.data.steps !== undefined) return read.data;
  const where = read.error?.issues[0]?.path.join(".") ?? "steps";
  throw refused(file, `JSON without the ${where} of a preview`, "the document of a preview");
}

function refused(file: string, got: string, rule: string): InvalidInputError {
  const fix = "pulumi preview --json --show-sames > plan.json";
  return new InvalidInputError("this plan cannot be read", [{ path: file, got, rule, fix }]);
}
