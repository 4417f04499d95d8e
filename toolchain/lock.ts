import { mkdir } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { lock } from "proper-lockfile";
import type { Run } from "./run.ts";

/** A lock that was not renewed for so long belongs to a dead process and is taken over. Milliseconds. */
const staleMs = 5000;

/** Runs `work` while no other process of this user works on the same toolchain; waits for the other, with a message. */
export async function withLock<T>(run: Run, work: () => Promise<T>): Promise<T> {
  await mkdir(run.layout.root, { recursive: true });
  const release = await acquire(run);
  try {
    return await work();
  } finally {
    // A lock taken over from us meanwhile (this process slept) is not ours to release.
    await release().catch(() => undefined);
  }
}

async function acquire(run: Run): Promise<() => Promise<void>> {
  // Being overtaken costs double work only: every file gets to its place by a rename.
  const onCompromised = (): void => run.log("toolchain", "wait", "another process took over the lock; going on");
  const options = { lockfilePath: run.layout.lock, stale: staleMs, update: 1000, realpath: false, onCompromised };
  let told = Number.NEGATIVE_INFINITY;
  for (;;) {
    try {
      return await lock(run.layout.root, options);
    } catch (error) {
      if (!isTaken(error)) throw error;
    }
    if (run.elapsedMs() - told >= 5000) {
      told = run.elapsedMs();
      run.log("toolchain", "wait", "another Fidus is getting the toolchain; waiting for it");
    }
    await delay(200, undefined, { signal: run.signal });
  }
}

function isTaken(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ELOCKED";
}
