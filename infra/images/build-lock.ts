import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import lockfile from "proper-lockfile";
import { isAlive } from "../core/process.ts";

interface Waiting {
  /** Called once, when another run holds the lock. */
  readonly onWait: () => void;
  readonly signal?: AbortSignal | undefined;
}

/** One run at a time per cache folder; the action's folder leaves with it, that of a killed run with the next one. */
export async function withBuildLock<T>(cache: string, waiting: Waiting, action: (folder: string) => Promise<T>): Promise<T> {
  const builds = join(cache, "builds");
  await mkdir(builds, { recursive: true });
  const unlock = await acquire(builds, waiting);
  try {
    await sweep(builds);
    const folder = await mkdtemp(join(builds, `run-${process.pid}-`));
    try {
      return await action(folder);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  } finally {
    await unlock().catch(() => undefined);
  }
}

async function acquire(builds: string, { onWait, signal }: Waiting): Promise<() => Promise<void>> {
  for (let attempt = 0; ; attempt += 1) {
    signal?.throwIfAborted();
    try {
      return await lockfile.lock(builds, {
        stale: 15_000,
        update: 3_000,
        lockfilePath: `${builds}.lock`,
        // After a laptop's sleep another run may have taken the lock over: both then build the same content, which is harmless.
        onCompromised: () => undefined,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ELOCKED") throw error;
      if (attempt === 0) onWait();
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

/** Removes the folders of runs whose process is gone. */
async function sweep(builds: string): Promise<void> {
  for (const name of await readdir(builds)) {
    const pid = Number(/^run-(\d+)-/.exec(name)?.[1]);
    if (Number.isInteger(pid) && !isAlive(pid)) await rm(join(builds, name), { recursive: true, force: true });
  }
}
