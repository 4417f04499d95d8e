import { readPlan } from "../../cost/plan/read.ts";
import { checkPolicies } from "../../cost/policies/index.ts";
import type { EngineProject } from "../../toolchain/providers/testing/engine.ts";

/** One step of a plan. */
export interface PlannedStep {
  readonly op: string;
  readonly urn: string;
  readonly newState?: { readonly inputs?: Record<string, unknown>; readonly type: string; readonly protect?: boolean };
}

/** One preview of the engine, and what is to be seen in it. */
export interface Previewed {
  /** The engine's document, unchanged resources included. */
  readonly text: string;
  /** What the next up would do, unchanged resources left out. */
  readonly steps: readonly PlannedStep[];
  /** `rule level name: message` of everything that the policies find in it. */
  readonly findings: readonly string[];
}

/** Makes everything of a stack; fails with the engine's output. */
export async function mustUp(project: EngineProject, ...args: string[]): Promise<string> {
  const { code, output } = await project.up(...args);
  if (code !== 0) throw new Error(output);
  return output;
}

/** Asks the engine what the next up would do; throws when the plan is refused. */
export async function previewOf(project: EngineProject): Promise<Previewed> {
  const { code, output } = await project.run("preview", "--json", "--show-sames");
  const start = output.indexOf("\n{\n");
  if (code !== 0 || start < 0) throw new Error(output);
  const text = output.slice(start, output.lastIndexOf("\n}") + 2);
  const { steps = [] } = JSON.parse(text) as { steps?: PlannedStep[] };
  const findings = checkPolicies(readPlan(text, "preview"));
  return {
    text,
    steps: steps.filter(({ op }) => op !== "same"),
    findings: findings.map(({ rule, level, urn, message }) => `${rule} ${level} ${urn.split("::").at(-1) ?? ""}: ${message}`),
  };
}

/** What comes of a plan: its operations, or why it is refused. */
export interface Outcome {
  /** `update network-vpc`, on what is bought and on the clouds' settings; sorted. */
  readonly operations: readonly string[];
  /** All steps of the plan, unchanged resources included. */
  readonly steps: readonly PlannedStep[];
  /** Resources for whose protection the plan is refused, sorted, and all that the engine says then; "" when it is not. */
  readonly refused: { readonly names: readonly string[]; readonly text: string };
}

/** What the next up would do, or why it must not. */
export async function outcomeOf(project: EngineProject): Promise<Outcome> {
  const { code, output } = await project.run("preview", "--json", "--show-sames");
  const start = output.indexOf("\n{\n");
  const document = start < 0 ? "{}" : output.slice(start, output.lastIndexOf("\n}") + 2);
  const { steps = [] } = JSON.parse(document) as { steps?: PlannedStep[] };
  const bought = steps.filter(({ op, urn }) => op !== "same" && !isComponent(urn));
  const names = [...output.matchAll(/::([\w-]+)\\"\\nas it is currently marked for protection/g)].map(([, name = ""]) => name);
  return {
    operations: operationsOf(bought),
    steps,
    refused: code === 0 ? { names: [], text: "" } : { names: [...new Set(names)].sort(), text: output },
  };
}

function isComponent(urn: string): boolean {
  return /(^|\$)fidus:\w+:\w+$/.test(urn.split("::")[2] ?? "");
}

/** What the next up would do, unchanged resources left out; throws when the plan is refused. */
export async function plannedSteps(project: EngineProject): Promise<readonly PlannedStep[]> {
  return (await previewOf(project)).steps;
}

/** `update network-vpc`: the operations of a plan on resources of clouds, sorted. */
export function operationsOf(steps: readonly PlannedStep[]): string[] {
  const lines = steps.map(({ op, urn }) => `${op} ${urn.split("::").at(-1) ?? ""}`);
  return lines.sort();
}
