import { readdirSync, readFileSync } from "node:fs";

/**
 * Ends with SIGKILL the Pulumi engine whose `up` works for `folder` (a folder that its environment names). Throws when there is
 * none: a test that killed nothing would show nothing.
 */
export function killEngine(folder: string): void {
  const found = readdirSync("/proc").find((name) => {
    try {
      const command = readFileSync(`/proc/${name}/cmdline`, "utf8").replaceAll("\0", " ");
      return /^pulumi up /.test(command) && readFileSync(`/proc/${name}/environ`, "utf8").includes(folder);
    } catch {
      return false; // No process, or one that has ended.
    }
  });
  if (found === undefined) throw new Error(`no \`pulumi up\` works for ${folder}`);
  process.kill(Number(found), "SIGKILL");
}
