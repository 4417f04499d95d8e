import { keys } from "../infra/config/keys.ts";
import { ownRuntime } from "../infra/config/own-runtime.ts";
import { chosenPorts, type PortKey } from "../infra/config/published-ports.ts";
import { findModel, modelForMemory, modelProblems } from "../infra/core/models.ts";
import type { ChoiceFlags } from "./choice-flags.ts";
import { wrongInput } from "./errors.ts";
import type { StackConfigFile } from "./stack-config.ts";

/** One recorded choice, for people. */
export interface Choice {
  readonly key: string;
  readonly value: string;
  /** Why this one. */
  readonly because: string;
}

/** What choosing looks at: the engine's machine. */
export interface Surroundings {
  readonly dockerHost: string;
  /** Major version of the engine. */
  readonly dockerMajor: number;
  /** Memory that models may use, bytes. */
  readonly memory: number;
  /** What `memory` is: "of memory are free". */
  readonly memoryIs: string;
  /** Whether somebody else holds the port there. */
  readonly portTaken: (key: PortKey, port: number) => Promise<boolean>;
}

/**
 * Records what the command line asks for, and nothing else; asks no engine. A model that is to be picked for its memory is
 * left open for the next `up`. Throws exit 2 for a model that the runtime cannot have.
 */
export function recordAsked(
  config: StackConfigFile,
  installation: string,
  { runtime, model, services, port, apiPort, registry }: ChoiceFlags,
): Choice[] {
  const { choose, chosen } = recordInto(config);
  if (config.entries()["installation"] === undefined) config.set({ installation });
  const before = config.entries()["llmRuntime"];
  if (runtime !== undefined) choose("llmRuntime", ...chooseRuntime(runtime));
  if (model !== undefined || config.entries()["llmRuntime"] !== before) chosen.push(...recordModel(config, model));
  if (services !== undefined) choose("services", services, "asked for");
  if (port !== undefined) choose("pagePort", String(Number(port)), "asked for");
  if (apiPort !== undefined) choose("apiPort", String(Number(apiPort)), "asked for");
  if (registry !== undefined) choose("imageSource", registry === false ? "build" : "registry", "asked for");
  if (registry === false) config.set({ imageRegistry: null });
  else if (registry !== undefined) choose("imageRegistry", registry, "asked for");
  return chosen;
}

/** A runtime of ours takes a row of the table, somebody else's its own names. */
function recordModel(config: StackConfigFile, asked: string | undefined): Choice[] {
  const { choose, chosen } = recordInto(config);
  const { llmRuntime = "embedded", llmBaseUrl, model: recorded } = config.entries();
  const own = ownRuntime(llmRuntime, llmBaseUrl).model;
  if (asked !== undefined && asked !== "auto") {
    const problems = own ? modelProblems(asked, null) : [];
    if (problems.length > 0) throw wrongInput("that model is not known", problems);
    choose("model", asked, "asked for");
    return chosen;
  }
  const fits = recorded === undefined || !own || findModel(recorded) !== null;
  if (fits && (asked === undefined || !own)) return chosen;
  config.set({ model: null });
  return [{ key: "model", value: "auto", because: "the next up picks it by the memory of the engine's machine" }];
}

/**
 * Chooses what nobody has asked for and nothing has recorded, and records anew what has changed by itself. The program only
 * reads what is recorded here.
 */
export async function recordMissing(config: StackConfigFile, surroundings: Surroundings): Promise<Choice[]> {
  const { choose, chosen } = recordInto(config);
  const { dockerHost, dockerMajor, portTaken } = surroundings;
  const missing = (key: string): boolean => config.entries()[key] === undefined;
  if (missing("llmRuntime")) choose("llmRuntime", ...chooseRuntime("auto"));
  if (missing("model")) choose("model", ...chooseModel(config, surroundings));
  if (missing("dockerHost")) choose("dockerHost", dockerHost, "the engine that answers");
  // A fact, not a choice: engines are upgraded.
  choose("dockerMajor", String(dockerMajor), "the engine's version");
  if (missing("imageSource")) choose("imageSource", "build", "no registry is configured");
  const ports = chosenPorts[config.entries()["services"] === "dependencies" ? "dependencies" : "all"];
  for (const key of ports.filter(missing)) {
    const wish = keys[key].default;
    const spoken = ports.map((other) => Number(config.entries()[other]));
    const port = await firstFreePort(wish, async (one) => spoken.includes(one) || (await portTaken(key, one)));
    choose(key, String(port), port === wish ? "free" : `${wish} is taken`);
  }
  return chosen;
}

/** A value and why it was chosen. */
type Reasoned = readonly [value: string, because: string];

interface Recorder {
  readonly chosen: Choice[];
  readonly choose: (key: string, ...reasoned: Reasoned) => void;
}

/** Writes choices into the config; what is recorded already counts as no choice. */
function recordInto(config: StackConfigFile): Recorder {
  const chosen: Choice[] = [];
  const choose = (key: string, value: string, because: string): void => {
    if (config.entries()[key] === value) return;
    chosen.push({ key, value, because });
    config.set({ [key]: value });
  };
  return { chosen, choose };
}

function chooseRuntime(asked: string): Reasoned {
  return asked === "auto" ? ["embedded", "it needs nothing else"] : [asked, "asked for"];
}

function chooseModel(config: StackConfigFile, { memory, memoryIs }: Surroundings): Reasoned {
  const { llmRuntime, llmBaseUrl } = config.entries();
  if (!ownRuntime(llmRuntime, llmBaseUrl).model)
    return ["llama3.1:8b", "the runtime's own name for it; change it with ./fidus choose --model NAME"];
  // Everything else on the machine keeps a share.
  return [modelForMemory((memory / 1e9) * 0.6).id, `${(memory / 1e9).toFixed(1)} GB ${memoryIs}`];
}

async function firstFreePort(wish: number, taken: (port: number) => Promise<boolean>): Promise<number> {
  for (let port = wish; port < wish + 200; port += 1) {
    if (!(await taken(port))) return port;
  }
  return wish;
}
