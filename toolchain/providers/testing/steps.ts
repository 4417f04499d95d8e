import type { Resource } from "../resource.ts";
import type { WireMap } from "../values.ts";

/** One line that a step logged. */
export interface Logged {
  readonly severity: string;
  readonly message: string;
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
  const made = await type.create({
    urn: `urn:pulumi:dev::probe::t:m:T::${name}`,
    id: "",
    name,
    wire: checked,
    state: {},
    log: (severity, message) => logged.push({ severity, message }),
    signal: new AbortController().signal,
  });
  return { ...made, logged };
}
