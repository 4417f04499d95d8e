import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/** Paths of the checkout's files that git tracks or would track, sorted. */
export function repositoryFiles(root: string): string[] {
  const args = ["-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const files = execFileSync("git", args, { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).split("\0");
  // A file that was removed and not yet committed is still listed.
  return files.filter((file) => file !== "" && existsSync(join(root, file))).sort();
}
