import { readFileSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { installationLabel } from "../infra/core/naming.ts";
import { isAlive } from "../infra/core/process.ts";
import type { Docker } from "../infra/images/docker-cli.ts";
import { lines, stackContainers } from "./containers.ts";
import { CliError } from "./errors.ts";
import type { StateResource } from "./engine.ts";
import type { Installation } from "./installation.ts";

/** How long a living engine that holds the stack is waited for, and how often it is looked at, in milliseconds. */
const engineWait = { limit: 300_000, poll: 500 } as const;

/**
 * Frees the stack of engine locks whose process is gone from this host; one whose process lives (an interrupted `up` leaves its
 * engine finishing its last step) is waited for. Locks of other hosts are left for the engine to name.
 * Then removes what a killed engine left half written. Throws exit 1 when a living one does not end in five minutes.
 */
export async function settleEngineLocks(
  installation: Installation,
  stack: string,
  { signal, update }: { readonly signal: AbortSignal; readonly update: (detail: string) => void },
): Promise<void> {
  const deadline = performance.now() + engineWait.limit;
  for (;;) {
    const holder = await livingHolder(installation, stack);
    if (holder === null) return removeHalfWritten(installation);
    if (performance.now() > deadline) throw stillBusy(stack, holder);
    update(`waiting for the engine of an earlier run (process ${holder})`);
    await setTimeout(engineWait.poll, undefined, { signal });
  }
}

/** Process id of a living engine on this host that holds the stack; removes the locks of dead ones. */
async function livingHolder(installation: Installation, stack: string): Promise<number | null> {
  const folder = join(installation.backendFolder, ".pulumi", "locks", "organization", "fidus", stack);
  const names = await readdir(folder).catch(() => []);
  for (const name of names.filter((entry) => entry.endsWith(".json"))) {
    const file = join(folder, name);
    const lock = parseLock(await readFile(file, "utf8").catch(() => "{}"));
    if (lock.hostname !== undefined && lock.hostname !== hostname()) continue;
    if (lock.pid !== undefined && isEngine(lock.pid)) return lock.pid;
    await rm(file, { force: true });
  }
  return null;
}

/**
 * A state in a folder is written whole, but the file of attributes beside it is made first and filled then (gocloud.dev, fileblob):
 * an engine that was killed in between leaves it empty, and every command on any stack ends with "EOF". Without it all is well.
 */
async function removeHalfWritten({ backendFolder }: Installation): Promise<void> {
  const folder = join(backendFolder, ".pulumi", "stacks");
  const names = await readdir(folder, { recursive: true }).catch(() => []);
  for (const file of names.filter((name) => name.endsWith(".attrs")).map((name) => join(folder, name)))
    if (!isJson(await readFile(file, "utf8"))) await rm(file, { force: true });
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What a lock file says; nothing when its writer died in the middle. */
function parseLock(text: string): { readonly pid?: number; readonly hostname?: string } {
  try {
    return JSON.parse(text) as { pid?: number; hostname?: string };
  } catch {
    return {};
  }
}

function stillBusy(stack: string, holder: number): CliError {
  const problem = { path: `stack ${stack}`, got: `engine process ${holder}`, rule: "no engine at work", fix: `kill ${holder}` };
  return new CliError("Another engine works on this stack", { code: "busy", problems: [problem] });
}

/**
 * Removes containers and networks that bear this stack's labels but are not in its state: what an interrupted run left.
 * Returns their names. Volumes stay: the engine adopts a volume of the same name, with its data.
 */
export async function removeLeftovers(
  docker: Docker,
  installation: string,
  stack: string,
  known: readonly StateResource[],
): Promise<string[]> {
  const ids = new Set(known.map(({ id }) => id));
  const containers = (await stackContainers(docker, installation, stack)).filter(({ id }) => !ids.has(id));
  if (containers.length > 0) await docker(["rm", "--force", ...containers.map(({ id }) => id)]);
  const removed = containers.map(({ name }) => name);
  const filters = ["--filter", `label=${installationLabel}=${installation}`, "--filter", `label=fidus.stack=${stack}`];
  const networks = lines(await docker(["network", "ls", "--no-trunc", "--format", "{{.ID}}\t{{.Name}}", ...filters]));
  for (const [id = "", name = ""] of networks.map((row) => row.split("\t"))) {
    if (ids.has(id)) continue;
    await docker(["network", "rm", id]);
    removed.push(name);
  }
  return removed;
}

/** Whether the process lives and is an engine: after a reboot the number may be somebody else's. */
function isEngine(pid: number): boolean {
  if (!isAlive(pid)) return false;
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").startsWith("pulumi");
  } catch {
    return process.platform !== "linux" && isAlive(pid);
  }
}
