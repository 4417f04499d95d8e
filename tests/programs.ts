import { statSync } from "node:fs";
import { delimiter, join } from "node:path";

/** Names under which a Chromium is installed, best first. Ubuntu's `chromium-browser` may be a hint to install a snap: last. */
export const chromiumNames = ["chromium", "google-chrome", "google-chrome-stable", "chromium-browser"] as const;

/** The folders of the PATH. */
export function pathFolders(env: NodeJS.ProcessEnv): string[] {
  return (env["PATH"] ?? "").split(delimiter).filter((folder) => folder !== "");
}

/** Path of the first of `names` that lies in one of `folders`, or null. */
export function findProgram(names: readonly string[], folders: readonly string[]): string | null {
  for (const name of names) {
    const path = folders.map((folder) => join(folder, name)).find(isFile);
    if (path !== undefined) return path;
  }
  return null;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
