import type { Resource, StepCall } from "../resource.ts";
import type { WireMap } from "../values.ts";

/** One line that a step logged. */
export interface Logged {
  readonly severity: string;
  readonly message: string;
}

/** What the engine hands to one step on a resource; what it logs is forgotten. */
export function step(type: string, id: string, wire: WireMap, name = "r"): StepCall {
  const urn = `urn:pulumi:dev::probe::${type}::${name}`;
  return { urn, id, name, wire, state: {}, log: () => undefined, signal: new AbortController().signal };
}

/** Runs a create as the engine would, without one: check, then create. Throws what the step throws. */
export async function create(
  type: Resource,
  inputs: WireMap,
  name = "r",
): Promise<{ id: string; state: WireMap; logged: Logged[] }> {
  const { inputs: checked, failures } = type.check(inputs);
  if (failures.length > 0) throw new Error(failures.map(({ property, reason }) => `${property}: ${reason}`).join("\n"));
  const logged: Logged[] = [];
  const log: StepCall["log"] = (severity, message) => void logged.push({ severity, message });
  const made = await type.create({ ...step("t:m:T", "", checked, name), log });
  return { ...made, logged };
}
