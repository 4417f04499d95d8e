import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A preview document as the engine writes it, as far as tests change it. */
export interface Recorded {
  config: Record<string, unknown>;
  steps: RecordedStep[];
  changeSummary: Record<string, number>;
}

interface RecordedState {
  readonly [key: string]: unknown;
  readonly inputs: Readonly<Record<string, unknown>>;
}

interface RecordedStep {
  op: string;
  urn: string;
  oldState?: RecordedState;
  newState?: RecordedState;
  [key: string]: unknown;
}

const recording = readFileSync(join(import.meta.dirname, "recordings/starter.json"), "utf8");

/** The engine's preview of a deployed starter edition that does not change; each call a new one. */
export function recordedStarter(): Recorded {
  return JSON.parse(recording) as Recorded;
}

/** What the engine writes for a value that comes only with the deployment. */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** A change of a recorded preview; what comes out need not be one any more. */
export type Mutation = (plan: Recorded) => unknown;
/** The step of a type, which is about to become another one than "same". */
export function step(plan: Recorded, type: string): Recorded["steps"][number] {
  plan.changeSummary["same"]! -= 1;
  return plan.steps.find(({ urn }) => urn.includes(`:${type}::`))!;
}
/** The step of a type, with another operation and other inputs. */
export const change =
  (type: string, op: string, inputs: object = {}): Mutation =>
  (plan) => {
    const one = step(plan, type);
    one.op = op;
    one.newState = { ...one.newState!, inputs: { ...one.newState!.inputs, ...inputs } };
    return plan;
  };
/** Deletes what is not protected any more. */
export const remove =
  (type: string, state: object = {}): Mutation =>
  (plan) => {
    const one = step(plan, type);
    Object.assign(one, { op: "delete", oldState: { ...one.oldState, protect: false, ...state }, newState: undefined });
    return plan;
  };
/** The engine refuses. */
export const fail = (plan: Recorded): unknown => ({
  ...plan,
  diagnostics: [{ severity: "error", message: "cannot delete protected resource" }],
});
