/**
 * The Node.js language host: runs a Pulumi program for the engine.
 * Started by the engine as `pulumi-language-nodejs <flags> <engine address>`; serves pulumirpc.LanguageRuntime.
 */
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { delimiter, dirname, join } from "node:path";
import { promisify } from "node:util";
import sdk from "@pulumi/pulumi/package.json" with { type: "json" };
import type { UntypedServiceImplementation } from "@grpc/grpc-js";
import languageServices from "@pulumi/pulumi/proto/language_grpc_pb.js";
import languageProto from "@pulumi/pulumi/proto/language_pb.js";
import type * as language from "@pulumi/pulumi/proto/language_pb.js";
import pluginProto from "@pulumi/pulumi/proto/plugin_pb.js";
import emptyProto from "google-protobuf/google/protobuf/empty_pb.js";
import { engineAddress, isMain, servePlugin, unary } from "./providers/grpc-server.ts";

/** Exit code by which the SDK says "the error has been shown already". */
const bailExitCode = 32;
/** Oldest Node that runs TypeScript files as they are. */
const oldestNode = 24;
/** How long an interrupted program may take to end, ms. */
const interruptGrace = 3_000;

const run = promisify(execFile);
const children = new Set<ChildProcess>();

interface ProgramPlace {
  readonly root: string;
  readonly directory: string;
  readonly entry: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** What the SDK's runner is started with. */
export interface ProgramCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * The node arguments and environment for one Run request; `runner` is the SDK's cmd/run, `engine` the engine's address.
 * Source: facts/pulumi-engine.md 1.2.
 */
export function programCommand(request: language.RunRequest, runner: string, engine: string): ProgramCommand {
  const place = placeOf(request);
  const flag = (name: string, value: string): string[] => (value === "" ? [] : [`--${name}`, value]);
  return {
    args: [
      ...splitWords(String(place.options["nodeargs"] ?? "")),
      runner,
      ...flag("monitor", request.getMonitorAddress()),
      ...flag("engine", engine),
      ...flag("organization", request.getOrganization()),
      ...flag("project", request.getProject()),
      ...flag("root-directory", place.root),
      ...flag("stack", request.getStack()),
      ...flag("pwd", request.getPwd()),
      ...(request.getDryrun() ? ["--dry-run"] : []),
      ...flag("parallel", request.getParallel() > 0 ? String(request.getParallel()) : ""),
      place.entry,
      ...request.getArgsList(),
    ],
    env: {
      PULUMI_CONFIG: JSON.stringify(Object.fromEntries(configEntries(request))),
      PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
      PULUMI_NODEJS_TYPESCRIPT: "false",
    },
  };
}

/** Old keys read `project:config:key`; the SDK looks for `project:key`. */
function configEntries(request: language.RunRequest): [string, string][] {
  return request
    .getConfigMap()
    .toArray()
    .map(([key, value]) => [key.replace(":config:", ":"), value]);
}

function placeOf(request: { getInfo(): language.ProgramInfo | undefined }): ProgramPlace {
  const info = request.getInfo();
  if (!info) throw new Error("Run request: got no program info; needs an engine of version 3.100 or newer. ./fidus toolchain");
  return {
    root: info.getRootDirectory(),
    directory: info.getProgramDirectory(),
    entry: info.getEntryPoint() === "" ? "." : info.getEntryPoint(),
    options: { ...info.getOptions()?.toJavaScript() },
  };
}

/** Splits like a POSIX shell does for words and quotes, without expansion: `a "b c" 'd'` → [a, b c, d]. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  for (const match of text.matchAll(/(?:[^\s"'\\]|\\.|"(?:[^"\\]|\\.)*"|'[^']*')+/gs)) {
    words.push(
      match[0].replace(/\\(.)|"((?:[^"\\]|\\.)*)"|'([^']*)'/gs, (_all, escaped?: string, double?: string, single?: string) => {
        return escaped ?? double?.replace(/\\(["\\$`])/g, "$1") ?? single ?? "";
      }),
    );
  }
  return words;
}

/** Finds the SDK's file from the program's folder upwards, as Node itself would; throws with the repair. */
export function resolveFromProgram(directory: string, path: string): string {
  try {
    return createRequire(join(directory, "index.js")).resolve(path);
  } catch {
    throw new Error(`${directory}: got no @pulumi/pulumi; needs the Pulumi SDK installed. npm ci --ignore-scripts`);
  }
}

async function runProgram(request: language.RunRequest, engine: string): Promise<language.RunResponse> {
  const place = placeOf(request);
  const response = new languageProto.RunResponse();
  try {
    const runner = resolveFromProgram(place.directory, "@pulumi/pulumi/cmd/run");
    await requireNodeFor(place.entry);
    const command = programCommand(request, runner, engine);
    const { code, signal } = await runNode(command, place.directory);
    if (code === bailExitCode) response.setBail(true);
    else if (signal) response.setError(`Program was ended by ${signal}`);
    else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${code}`);
  } catch (error) {
    response.setError(error instanceof Error ? error.message : String(error));
  }
  return response;
}

/** An older Node fails on `.ts` with a message that helps nobody: say what to do instead. */
async function requireNodeFor(entry: string): Promise<void> {
  const { version } = await programNode();
  if (Number.parseInt(version.slice(1), 10) >= oldestNode || !entry.endsWith(".ts")) return;
  throw new Error(`PATH: got node ${version}; needs Node ${oldestNode} or newer to run ${entry}. eval "$(./fidus env)"`);
}

/** The node that programs get: the first on PATH. Nearly always the one that runs this host, which is then not started to be asked. */
async function programNode(): Promise<{ executable: string; version: string }> {
  const path = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, "node"));
  const first = path.find((file) => existsSync(file));
  if (first !== undefined && realpathSync(first) === realpathSync(process.execPath))
    return { executable: process.execPath, version: process.version };
  try {
    const [version, executable] = await Promise.all([run("node", ["--version"]), run("node", ["-p", "process.execPath"])]);
    return { executable: executable.stdout.trim(), version: version.stdout.trim() };
  } catch {
    throw new Error(`PATH: got no node; needs Node ${oldestNode} or newer. eval "$(./fidus env)"`);
  }
}

/** The program writes to the host's own stdout and stderr, which the engine shows line by line. */
function runNode(command: ProgramCommand, cwd: string): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  return new Promise((resolve, reject) => {
    const child = spawn("node", command.args, {
      cwd,
      env: { ...process.env, ...command.env },
      stdio: ["ignore", "inherit", "inherit"],
    });
    children.add(child);
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      children.delete(child);
      resolve({ code, signal });
    });
  });
}

/** Interrupts running programs and kills those that have not ended after the grace time. */
export async function cancelPrograms(): Promise<void> {
  await Promise.all(
    [...children].map(async (child) => {
      const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      child.kill("SIGINT");
      const kill = setTimeout(() => child.kill("SIGKILL"), interruptGrace);
      await ended;
      clearTimeout(kill);
    }),
  );
}

interface PackageFile {
  readonly version?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** The packages that the program's package.json names, with the installed version where one is found. */
export async function programDependencies(directory: string): Promise<{ name: string; version: string }[]> {
  const file = await nearestPackageFile(directory);
  if (!file) return [];
  const wanted = { ...file.content.devDependencies, ...file.content.dependencies };
  const found = await Promise.all(
    Object.entries(wanted).map(async ([name, range]) => {
      const installed = await readPackageFile(join(file.directory, "node_modules", name));
      return { name, version: installed?.version ?? range };
    }),
  );
  return found.sort((a, b) => a.name.localeCompare(b.name));
}

async function nearestPackageFile(directory: string): Promise<{ directory: string; content: PackageFile } | undefined> {
  const content = await readPackageFile(directory);
  if (content) return { directory, content };
  const parent = dirname(directory);
  return parent === directory ? undefined : nearestPackageFile(parent);
}

async function readPackageFile(directory: string): Promise<PackageFile | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, "package.json"), "utf8")) as PackageFile;
  } catch {
    return undefined;
  }
}

async function about(): Promise<language.AboutResponse> {
  const { executable, version } = await programNode();
  return new languageProto.AboutResponse().setExecutable(executable).setVersion(version);
}

async function dependencies(request: language.GetProgramDependenciesRequest): Promise<language.GetProgramDependenciesResponse> {
  const list = await programDependencies(placeOf(request).directory);
  return new languageProto.GetProgramDependenciesResponse().setDependenciesList(
    list.map(({ name, version }) => new languageProto.DependencyInfo().setName(name).setVersion(version)),
  );
}

/** The service that the engine talks to; `fallbackEngine` is the address given on the command line. */
export function languageService(fallbackEngine: string, version: string): UntypedServiceImplementation {
  let engine = fallbackEngine;
  return {
    handshake: unary((request: language.LanguageHandshakeRequest) => {
      engine = request.getEngineAddress() || engine;
      return new languageProto.LanguageHandshakeResponse();
    }),
    getRequiredPackages: unary(() => new languageProto.GetRequiredPackagesResponse()),
    getRequiredPlugins: unary(() => new languageProto.GetRequiredPluginsResponse()),
    getPluginInfo: unary(() => new pluginProto.PluginInfo().setVersion(version)),
    about: unary(about),
    runtimeOptionsPrompts: unary(() => new languageProto.RuntimeOptionsResponse()),
    getProgramDependencies: unary(dependencies),
    run: unary((request: language.RunRequest) => runProgram(request, engine)),
    cancel: unary(async () => {
      await cancelPrograms();
      return new emptyProto.Empty();
    }),
  };
}

if (isMain(import.meta.filename)) {
  const engine = engineAddress(process.argv.slice(2));
  if (engine === undefined) {
    process.stderr.write("pulumi-language-nodejs: got no engine address; needs to be started by the engine. pulumi up\n");
    process.exitCode = 2;
  } else {
    await servePlugin(languageServices.LanguageRuntimeService, languageService(engine, sdk.version), cancelPrograms);
  }
}
