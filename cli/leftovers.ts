import { readdir, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { installationLabel } from "../infra/core/naming.ts";
import type { Docker } from "../infra/images/docker-cli.ts";
import { lines, stackContainers } from "./containers.ts";
import type { StateResource } from "./engine.ts";
import type { Installation } from "./installation.ts";

/** Removes the engine's locks whose process is gone from this host; returns how many. Others are left for the engine to name. */
export async function clearDeadLocks(installation: Installation, stack: string): Promise<number> {
  const folder = join(installation.backendFolder, ".pulumi", "locks", "organization", "fidus", stack);
  const names = await readdir(folder).catch(() => []);
  let cleared = 0;
  for (const name of names.filter((entry) => entry.endsWith(".json"))) {
    const file = join(folder, name);
    const lock = JSON.parse(await readFile(file, "utf8")) as { pid?: number; hostname?: string };
    if (lock.hostname !== hostname() || lock.pid === undefined || isAlive(lock.pid)) continue;
    await rm(file);
    cleared += 1;
  }
  return cleared;
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

/** Whether a process with this id runs on this host. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
