import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CliError } from "./errors.ts";
import type { Installation } from "./installation.ts";
import { isAlive } from "./leftovers.ts";

/**
 * Runs `work` as the only command that changes this stack. Throws exit 1 when another one runs;
 * a lock whose process is dead is taken over at once.
 */
export async function withStackLock<T>(installation: Installation, stack: string, work: () => Promise<T>): Promise<T> {
  const lock = join(installation.folder, `${stack}.lock`);
  await acquire(lock, stack, 3);
  try {
    return await work();
  } finally {
    await rm(lock, { recursive: true, force: true });
  }
}

async function acquire(lock: string, stack: string, tries: number): Promise<void> {
  try {
    await mkdir(lock);
    await writeFile(join(lock, "pid"), String(process.pid));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const holder = await holderOf(lock);
    if (tries === 0 || (holder !== null && isAlive(holder))) throw busy(stack, holder);
    await rm(lock, { recursive: true, force: true });
    await acquire(lock, stack, tries - 1);
  }
}

/** The holder's process id; null when it died before it could write it, or is about to. */
async function holderOf(lock: string): Promise<number | null> {
  const text = await readFile(join(lock, "pid"), "utf8").catch(() => "");
  return /^\d+$/.test(text) ? Number(text) : null;
}

function busy(stack: string, holder: number | null): CliError {
  return new CliError("Another command is changing this stack", {
    code: "busy",
    problems: [
      {
        path: `stack ${stack}`,
        got: holder === null ? "a lock" : `process ${holder}`,
        rule: "no other command at the same time",
        fix: "Wait until it has ended, then repeat the command.",
      },
    ],
  });
}
