import { readFileSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isAlive } from "../infra/core/process.ts";
import { CliError } from "./errors.ts";
import type { Installation } from "./installation.ts";

/**
 * Runs `work` as the only command that changes this stack. Throws exit 1 when another one runs;
 * a lock whose process is gone is taken over at once.
 */
export async function withStackLock<T>(installation: Installation, stack: string, work: () => Promise<T>): Promise<T> {
  const lock = join(installation.folder, `${stack}.lock`);
  const mine = holderText(process.pid);
  await acquire(lock, mine, stack);
  try {
    return await work();
  } finally {
    if ((await read(lock)) === mine) await rm(lock, { force: true });
  }
}

/** Process id and start time: after a reboot the id alone may be somebody else's. */
function holderText(pid: number): string {
  return `${pid} ${startTime(pid)}`;
}

/** Field 22 of proc(5) stat, clock ticks since boot; "" where there is no /proc. */
function startTime(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** A link appears with its content or not at all, so nobody ever sees a lock without its holder. */
async function acquire(lock: string, mine: string, stack: string, tries = 5): Promise<void> {
  const draft = `${lock}.${process.pid}`;
  await writeFile(draft, mine);
  try {
    await link(draft, lock);
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
    const holder = await read(lock);
    const pid = Number.parseInt(holder ?? "", 10);
    if (tries === 0 || (holder !== null && isAlive(pid) && holder === holderText(pid))) throw busy(stack, pid);
    if (holder !== null) await takeAway(lock, holder);
    await acquire(lock, mine, stack, tries - 1);
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes the lock of a dead holder. Only one of several rivals gets it, and one that took a new lock by mistake puts it back. */
async function takeAway(lock: string, dead: string): Promise<void> {
  const aside = `${lock}.${process.pid}.dead`;
  try {
    await rename(lock, aside);
    if ((await read(aside)) !== dead) await link(aside, lock);
  } catch (error) {
    if (!isCode(error, "ENOENT") && !isCode(error, "EEXIST")) throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

function read(file: string): Promise<string | null> {
  return readFile(file, "utf8").catch(() => null);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function busy(stack: string, pid: number): CliError {
  return new CliError("Another command is changing this stack", {
    code: "busy",
    problems: [
      {
        path: `stack ${stack}`,
        got: `process ${pid}`,
        rule: "no other command at the same time",
        fix: "Wait until it has ended, then repeat the command.",
      },
    ],
  });
}
