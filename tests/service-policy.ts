import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { isAlive } from "../infra/core/process.ts";

/** Where Debian asks whether a package may start its service; exit 101 forbids it (invoke-rc.d(8)). */
const policyFile = "/usr/sbin/policy-rc.d";

/** Runs `work` with packages kept from starting services: a test opens no ports on the machine. A policy of others stays. */
export async function withoutServices<T>(work: () => Promise<T>, file: string = policyFile): Promise<T> {
  await removeLeftPolicy(file);
  const guarded = !existsSync(file);
  if (guarded) await writeFile(file, policyOf(process.pid), { mode: 0o755 });
  try {
    return await work();
  } finally {
    if (guarded) await rm(file, { force: true });
  }
}

/** Removes a policy that a killed run of ours left; it would keep every later package from starting its service. */
export async function removeLeftPolicy(file: string = policyFile): Promise<void> {
  const text = await readFile(file, "utf8").catch(() => "");
  const pid = /^# fidus tests, process (\d+)$/m.exec(text)?.[1];
  if (pid !== undefined && text === policyOf(Number(pid)) && !isAlive(Number(pid))) await rm(file, { force: true });
}

function policyOf(pid: number): string {
  return `#!/bin/sh\n# fidus tests, process ${pid}\nexit 101\n`;
}
