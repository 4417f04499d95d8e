import { spawn, type ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { createReadStream } from "node:fs";
import { glob } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { z } from "zod";
import {
  abortMessage,
  logging,
  OutputCollector,
  printedOutputs,
  requireSuccess,
  type Ending,
  type Printed,
} from "./command-output.ts";
import { PluginError } from "./grpc-server.ts";
import { redactorFor } from "./redact.ts";
import { defineResource, type Log, type Resource, type Step } from "./resource.ts";
import { assetArchive, fileAsset, hasUnknown, plain, type Wire, type WireMap } from "./values.ts";

/** How long a command that is told to stop may take, ms. */
const stopGrace = 2_000;

const runInputs = z.object({
  addPreviousOutputInEnv: z.boolean().optional(),
  archivePaths: z.array(z.string()).optional(),
  assetPaths: z.array(z.string()).optional(),
  dir: z.string().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  interpreter: z.array(z.string()).optional(),
  logging,
  stdin: z.string().optional(),
});
type RunInputs = z.output<typeof runInputs>;

const commandInputs = runInputs.extend({
  create: z.string().optional(),
  delete: z.string().optional(),
  triggers: z.array(z.unknown()).optional(),
  update: z.string().optional(),
});
type CommandStep = Step<z.output<typeof commandInputs>>;

/** Process groups that are running now: all of them end when the plugin is told to stop. */
const running = new Set<ChildProcess>();

/** Ends every command that still runs, with everything it started. */
export async function stopLocalCommands(): Promise<void> {
  await Promise.all([...running].map(stopGroup));
}

async function stopGroup(child: ChildProcess): Promise<void> {
  const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
  signalGroup(child, "SIGTERM");
  const kill = setTimeout(() => signalGroup(child, "SIGKILL"), stopGrace);
  await ended;
  clearTimeout(kill);
  signalGroup(child, "SIGKILL"); // whatever ignored SIGTERM and closed its streams
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // gone already
  }
}

interface RunOptions {
  readonly which: string;
  readonly command: string;
  readonly inputs: RunInputs;
  readonly wire: WireMap;
  readonly previous: WireMap;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** Runs the command and returns its outputs; throws unless it ends with exit code 0. */
async function run(options: RunOptions): Promise<WireMap> {
  const { which, inputs, signal } = options;
  const redactor = redactorFor(Object.values(options.wire));
  const collector = new OutputCollector(options.log, inputs.logging, redactor);
  if (signal.aborted) throw new PluginError(abortMessage(which, signal));
  const ending = await runProcess(options, collector);
  if (signal.aborted) throw new PluginError(abortMessage(which, signal));
  const printed: Printed = collector.end();
  requireSuccess(which, ending, printed, redactor);
  return { ...printedOutputs(printed, redactor), ...(await collectFiles(inputs)) };
}

function runProcess({ which, command, inputs, previous, signal }: RunOptions, collector: OutputCollector): Promise<Ending> {
  const [program = "/bin/sh", ...args] = inputs.interpreter?.length ? inputs.interpreter : ["/bin/sh", "-c"];
  const env = { ...process.env, ...inputs.environment, ...previousOutputs(inputs.addPreviousOutputInEnv, previous) };
  return new Promise((resolve, reject) => {
    const hasStdin = inputs.stdin !== undefined && inputs.stdin !== "";
    // Its own process group: a signal then reaches everything that the command started.
    const child = spawn(program, [...args, command], {
      cwd: inputs.dir,
      env,
      detached: true,
      stdio: [hasStdin ? "pipe" : "ignore", "pipe", "pipe"],
    });
    running.add(child);
    const stop = (): void => void stopGroup(child);
    signal.addEventListener("abort", stop, { once: true });
    const settled = (): void => {
      running.delete(child);
      signal.removeEventListener("abort", stop);
    };
    child.stdout?.on("data", (chunk: Buffer) => collector.add("stdout", chunk));
    child.stderr?.on("data", (chunk: Buffer) => collector.add("stderr", chunk));
    child.stdin?.on("error", () => undefined); // a command may end without reading its input
    child.stdin?.end(inputs.stdin);
    child.once("error", (error: NodeJS.ErrnoException) => {
      settled();
      const rule = `needs interpreter "${program}" and dir "${inputs.dir ?? process.cwd()}" to exist`;
      reject(new PluginError(`${which}: got ${error.code ?? error.message}; ${rule}. Fix the input that is missing`));
    });
    child.once("close", (code, signalName) => {
      settled();
      resolve({ code, signal: signalName });
    });
  });
}

/** The last run's output for the next one, as the published plugin names it; set unless switched off. */
export function previousOutputs(wanted: boolean | undefined, previous: WireMap): Record<string, string> {
  if (wanted === false) return {};
  const names = { PULUMI_COMMAND_STDOUT: previous["stdout"], PULUMI_COMMAND_STDERR: previous["stderr"] };
  const given = Object.entries(names).map(([name, value]) => [name, value === undefined ? "" : plain(value)]);
  return Object.fromEntries(given.filter(([, value]) => typeof value === "string" && value !== "") as [string, string][]);
}

async function collectFiles({ dir = process.cwd(), assetPaths, archivePaths }: RunInputs): Promise<WireMap> {
  return {
    ...(assetPaths ? { assets: await assetsFor(dir, assetPaths) } : {}),
    ...(archivePaths ? { archive: await archiveFor(dir, archivePaths) } : {}),
  };
}

/** Files below `dir` for rules in order: a glob adds, `!glob` takes away; directories are never taken. */
async function assetsFor(dir: string, rules: readonly string[]): Promise<WireMap> {
  const chosen = new Set<string>();
  for (const rule of rules) {
    const matches = await filesMatching(dir, rule.replace(/^!/, ""));
    for (const path of matches) {
      if (rule.startsWith("!")) chosen.delete(path);
      else chosen.add(path);
    }
  }
  const assets = await Promise.all(
    [...chosen]
      .sort()
      .map(async (path): Promise<[string, Wire]> => [path, fileAsset(join(dir, path), await fileHash(join(dir, path)))]),
  );
  return Object.fromEntries(assets);
}

async function filesMatching(dir: string, pattern: string): Promise<string[]> {
  const files: string[] = [];
  for await (const entry of glob(publishedGlob(pattern), { cwd: dir, withFileTypes: true })) {
    if (!entry.isDirectory()) files.push(join(entry.parentPath, entry.name).slice(join(dir, "/").length));
  }
  return files;
}

/** In the published plugin `**` crosses folders even beside other text: `src/**.js` means any depth. */
function publishedGlob(pattern: string): string {
  const [head = "", ...tails] = pattern.split("**");
  return tails.reduce((built, tail) => {
    const before = built === "" || built.endsWith("/") ? `${built}**` : `${built}*/**`;
    if (tail === "") return `${before}/*`;
    return tail.startsWith("/") ? `${before}${tail}` : `${before}/*${tail}`;
  }, head);
}

async function fileHash(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

async function archiveFor(dir: string, rules: readonly string[]): Promise<Wire> {
  const assets = await assetsFor(dir, rules);
  const names = Object.entries(assets).map(([path, asset]) => `${path}\0${String((asset as WireMap)["hash"])}\n`);
  return assetArchive(assets, createHash("sha256").update(names.join("")).digest("hex"));
}

/** The id that the published plugin gives: the resource's name and eight hex characters. */
export function commandId(name: string): string {
  return `${name}${randomBytes(4).toString("hex")}`;
}

function runStep(which: "create" | "update" | "delete", command: string | undefined, step: CommandStep): Promise<WireMap> {
  const { inputs, wire, state, log, signal } = step;
  if (command === undefined) return Promise.resolve(keptOutputs(state));
  return run({ which, command, inputs, wire, previous: state, log, signal });
}

/** Outputs of the last run; empty texts before the first. */
export function keptOutputs(state: WireMap): WireMap {
  const { stdout = "", stderr = "", assets, archive } = state;
  return { stdout, stderr, ...(assets === undefined ? {} : { assets }), ...(archive === undefined ? {} : { archive }) };
}

/** `command:local:Command`: a command on this machine with create, update and delete. */
export const localCommand: Resource = defineResource({
  inputs: commandInputs,
  outputs: { archive: { type: "archive" }, assets: { type: "assets" }, stderr: { type: "string" }, stdout: { type: "string" } },
  replaceOn: ["triggers"],
  expects: (wire) => [
    "stdout",
    "stderr",
    ...(wire["assetPaths"] ? ["assets"] : []),
    ...(wire["archivePaths"] ? ["archive"] : []),
  ],
  create: async (step) => ({ id: commandId(step.name), outputs: await runStep("create", step.inputs.create, step) }),
  update: async (step) =>
    step.inputs.update === undefined ? runStep("create", step.inputs.create, step) : runStep("update", step.inputs.update, step),
  delete: async (step) => {
    await runStep("delete", step.inputs.delete, step);
  },
});

const invokeInputs = runInputs.extend({ command: z.string() });

/** `command:local:run`: the same as a function, run on every preview and update. */
export async function localRun(args: WireMap, { log, signal }: { log: Log; signal: AbortSignal }): Promise<WireMap> {
  if (hasUnknown(args)) throw new PluginError("run: got an unknown argument; needs all of them known. Use local.Command");
  const inputs = invokeInputs.parse(plain(args));
  const outputs = await run({ which: "run", command: inputs.command, inputs, wire: args, previous: {}, log, signal });
  return { ...args, ...outputs };
}
