import { freemem } from "node:os";
import { createServer } from "node:net";
import { llmRuntimes, type LlmRuntime } from "../infra/config/keys.ts";
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
  readonly registry?: string;
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
 * Fills in what the stack's config does not have yet, and what the command line asks to change; returns what was chosen now.
 * Environment is looked at here and nowhere else: the program only reads what is recorded.
 * Throws exit 2 for an unknown runtime or model.
 */
export async function recordChoices(
  config: StackConfigFile,
  installation: string,
  options: ChoiceOptions,
  host: Host,
): Promise<Choice[]> {
  const recorded = config.entries();
  const chosen: Choice[] = [];
  const choose = (key: string, value: string, because: string): void => {
    if (recorded[key] === value) return;
    chosen.push({ key, value, because });
    config.set({ [key]: value });
  };
  if (recorded["installation"] === undefined) config.set({ installation });
  const runtime = chooseRuntime(options.runtime, recorded["llmRuntime"]);
  if (runtime !== null) choose("llmRuntime", runtime.value, runtime.because);
  const effectiveRuntime = runtime?.value ?? recorded["llmRuntime"] ?? "embedded";
  const ownModel = ownRuntime(effectiveRuntime, recorded["llmBaseUrl"]).model;
  const model = chooseModel(options.model, recorded["model"], ownModel, host.freeMemory, runtime !== null);
  if (model !== null) choose("model", model.value, model.because);
  if (recorded["dockerHost"] === undefined) {
    choose("dockerHost", host.dockerHost, "the engine that answers");
    choose("dockerMajor", String(host.dockerMajor), "the engine's version");
  }
  if (options.registry !== undefined) {
    choose("imageSource", "registry", "asked for");
    choose("imageRegistry", options.registry, "asked for");
  } else if (recorded["imageSource"] === undefined) choose("imageSource", "build", "no registry is configured");
  const taken = new Set<number>();
  for (const [key, wish, asked] of [
    ["pagePort", 3000, options.pagePort],
    ["apiPort", 8000, options.apiPort],
  ] as const) {
    if (asked !== undefined) choose(key, String(asked), "asked for");
    else if (recorded[key] === undefined) {
      const port = await firstFreePort(wish, taken, host.portTaken);
      choose(key, String(port), port === wish ? "free" : `${wish} is taken`);
    }
    taken.add(Number(config.entries()[key]));
  }
  return chosen;
}

function chooseRuntime(asked: string | undefined, recorded: string | undefined): { value: LlmRuntime; because: string } | null {
  if (asked === undefined && recorded !== undefined) return null;
  if (asked === undefined || asked === "auto") return { value: "embedded", because: "it needs nothing else" };
  const known = llmRuntimes.find((runtime) => runtime === asked);
  if (known !== undefined) return { value: known, because: "asked for" };
  throw wrongInput("that runtime is not known", [
    { path: "--runtime", got: asked, rule: `one of auto, ${llmRuntimes.join(", ")}`, fix: "./fidus choose --runtime auto" },
  ]);
}

function chooseModel(
  asked: string | undefined,
  recorded: string | undefined,
  ownModel: boolean,
  freeMemory: number,
  runtimeChanged: boolean,
): { value: string; because: string } | null {
  if (!ownModel) {
    if (asked !== undefined && asked !== "auto") return { value: asked, because: "asked for" };
    if (recorded !== undefined && !runtimeChanged) return null;
    return {
      value: recorded ?? "llama3.1:8b",
      because: "the runtime's own name for it; change it with ./fidus choose --model NAME",
    };
  }
  if (asked === undefined && recorded !== undefined && findModel(recorded) !== null) return null;
  if (asked === undefined || asked === "auto") {
    const free = freeMemory / 1e9;
    // Everything else on the machine keeps a share of what is free now.
    return { value: modelForMemory(free * 0.6).id, because: `${free.toFixed(1)} GB of memory are free` };
  }
  const problems = modelProblems(asked, null);
  if (problems.length > 0) throw wrongInput("that model is not known", problems);
  return { value: asked, because: "asked for" };
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
