import { Simulation } from "../tests/simulator/testing/simulation.ts";
import type { CiStack } from "./stacks.ts";

/** The engine's document of a preview. */
export interface PreviewText {
  readonly text: string;
  readonly exitCode: number;
}

/**
 * What a checkout's program would make of an empty stack, by the real engine in simulated clouds: no credentials, no call to a
 * cloud, nothing bought. Throws when the engine says nothing at all.
 */
export async function planOnEmptyStack(checkout: string, { name, settings, secrets }: CiStack): Promise<PreviewText> {
  await using simulation = await Simulation.create({ ownStacks: true, checkout, stack: name });
  await simulation.project.configure(settings, secrets);
  const { code, output } = await simulation.project.run("preview", "--json", "--show-sames");
  const start = output.search(/^\{$/m);
  const end = output.lastIndexOf("\n}");
  if (code === null || start < 0 || end < start) throw new Error(`the engine printed no preview of ${name}:\n${output}`);
  return { text: output.slice(start, end + 2), exitCode: code };
}
