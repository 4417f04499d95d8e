import { freemem } from "node:os";
import { createServer } from "node:net";
import { llmRuntimes } from "../infra/config/keys/app.ts";
import { ownRuntime } from "../infra/config/own-runtime.ts";
import { findModel, modelForMemory, modelProblems } from "../infra/core/models.ts";
import { wrongInput } from "./errors.ts";
import type { StackConfigFile } from "./stack-config.ts";

/** What the operator may choose on the command line; absent = keep what is recorded, else choose. */
export interface ChoiceOptions {
  /** A runtime, or auto. */
  readonly runtime?: string;
  /** A model id, or auto. */
  readonly model?: string;
  readonly pagePort?: number;
  readonly apiPort?: number;
  /** Where images are pulled from; null: they are built on the engine again. */
  readonly registry?: string | null;
}

/** One recorded choice, for people. */
export interface Choice {
  readonly key: string;
  readonly value: string;
  /** Why this one. */
  readonly because: string;
}

export interface Host {
  readonly dockerHost: string;
  /** Major version of the engine. */
  readonly dockerMajor: number;
  /** Memory that models may use, bytes. */
  readonly freeMemory: number;
  /** Whether somebody else holds the port on this host. */
  readonly portTaken: (port: number) => Promise<boolean>;
}

/**
 * What the first `up` records: everything the command line asks for, then what is still missing, chosen for this host.
 * Environment is looked at here and nowhere else: the program only reads what is recorded. Throws as `recordAsked`.
 */
export async function recordChoices(
  config: StackConfigFile,
  installation: string,
  options: ChoiceOptions,
  host: Host,
): Promise<Choice[]> {
  const asked = recordAsked(config, installation, options, host.freeMemory);
  return [...asked, ...(await recordMissing(config, host))];
}

/** Records what the command line asks to change, and nothing else. Throws exit 2 for an unknown runtime or model. */
export function recordAsked(config: StackConfigFile, installation: string, options: ChoiceOptions, freeMemory: number): Choice[] {
  const recorder = recordInto(config);
  const { llmRuntime, model, llmBaseUrl } = config.entries();
  if (config.entries()["installation"] === undefined) config.set({ installation });
  if (options.runtime !== undefined) recorder.choose("llmRuntime", ...chooseRuntime(options.runtime));
  const runtime = config.entries()["llmRuntime"];
  const changed = runtime !== llmRuntime;
  if (options.model !== undefined || (changed && model !== undefined)) {
    const own = ownRuntime(runtime ?? "embedded", llmBaseUrl).model;
    const found = chooseModel(options.model, model, own, freeMemory);
    if (found !== null) recorder.choose("model", ...found);
  }
  if (options.pagePort !== undefined) recorder.choose("pagePort", String(options.pagePort), "asked for");
  if (options.apiPort !== undefined) recorder.choose("apiPort", String(options.apiPort), "asked for");
  if (options.registry !== undefined)
    recorder.choose("imageSource", options.registry === null ? "build" : "registry", "asked for");
  if (options.registry === null) config.set({ imageRegistry: null });
  else if (options.registry !== undefined) recorder.choose("imageRegistry", options.registry, "asked for");
  return recorder.chosen;
}

/** Chooses what nobody has asked for and nothing has recorded, and records anew what has changed by itself. */
async function recordMissing(config: StackConfigFile, host: Host): Promise<Choice[]> {
  const { choose, chosen } = recordInto(config);
  const { llmRuntime = "", model, llmBaseUrl, dockerHost, imageSource } = config.entries();
  if (llmRuntime === "") choose("llmRuntime", ...chooseRuntime("auto"));
  const own = ownRuntime(llmRuntime === "" ? "embedded" : llmRuntime, llmBaseUrl).model;
  const found = chooseModel(undefined, model, own, host.freeMemory);
  if (found !== null) choose("model", ...found);
  if (dockerHost === undefined) choose("dockerHost", host.dockerHost, "the engine that answers");
  // A fact, not a choice: engines are upgraded.
  choose("dockerMajor", String(host.dockerMajor), "the engine's version");
  if (imageSource === undefined) choose("imageSource", "build", "no registry is configured");
  const taken = new Set<number>();
  for (const [key, wish] of [
    ["pagePort", 3000],
    ["apiPort", 8000],
  ] as const) {
    if (config.entries()[key] === undefined) {
      const port = await firstFreePort(wish, taken, host.portTaken);
      choose(key, String(port), port === wish ? "free" : `${wish} is taken`);
    }
    taken.add(Number(config.entries()[key]));
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
  if (asked === "auto") return ["embedded", "it needs nothing else"];
  const known = llmRuntimes.find((runtime) => runtime === asked);
  if (known !== undefined) return [known, "asked for"];
  throw wrongInput("that runtime is not known", [
    { path: "--runtime", got: asked, rule: `one of auto, ${llmRuntimes.join(", ")}`, fix: "./fidus choose --runtime auto" },
  ]);
}

/** The model for a runtime of ours (`own`: a row of the table) or of somebody else's (its own name); null keeps what is recorded. */
function chooseModel(asked: string | undefined, recorded: string | undefined, own: boolean, freeMemory: number): Reasoned | null {
  if (!own) {
    if (asked !== undefined && asked !== "auto") return [asked, "asked for"];
    if (recorded !== undefined) return null;
    return ["llama3.1:8b", "the runtime's own name for it; change it with ./fidus choose --model NAME"];
  }
  if (asked === undefined && recorded !== undefined && findModel(recorded) !== null) return null;
  if (asked === undefined || asked === "auto") {
    const free = freeMemory / 1e9;
    // Everything else on the machine keeps a share of what is free now.
    return [modelForMemory(free * 0.6).id, `${free.toFixed(1)} GB of memory are free`];
  }
  const problems = modelProblems(asked, null);
  if (problems.length > 0) throw wrongInput("that model is not known", problems);
  return [asked, "asked for"];
}

async function firstFreePort(wish: number, taken: ReadonlySet<number>, portTaken: Host["portTaken"]): Promise<number> {
  for (let port = wish; port < wish + 200; port += 1) {
    if (!taken.has(port) && !(await portTaken(port))) return port;
  }
  return wish;
}

/** Whether the loopback port cannot be bound now. */
export function loopbackPortTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(true));
    server.listen({ port, host: "127.0.0.1", exclusive: true }, () => server.close(() => resolve(false)));
  });
}

/** Free memory of this host, bytes. */
export function hostFreeMemory(): number {
  return freemem();
}
