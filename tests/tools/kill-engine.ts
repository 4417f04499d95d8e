import { readdirSync, readFileSync } from "node:fs";

/** The process of the Pulumi engine whose `up` works for `folder` (a folder that its environment names). */
export function findEngine(folder: string): number | undefined {
  const found = readdirSync("/proc").find((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return /^pulumi up /.test(command) && readFileSync(`/proc/${name}/environ`, "utf8").includes(folder);
    } catch {
      return false; // No process, or one that has ended.
    }
  });
  return found === undefined ? undefined : Number(found);
}

/** Ends that engine with SIGKILL. Throws when there is none: a test that killed nothing would show nothing. */
export function killEngine(folder: string): void {
  const found = findEngine(folder);
  if (found === undefined) throw new Error(`no \`pulumi up\` works for ${folder}`);
  process.kill(found, "SIGKILL");
}
