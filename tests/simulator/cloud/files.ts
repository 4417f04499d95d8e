import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes a file so that readers see the old or the new text, never a part. */
export function writeWhole(file: string, value: unknown): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`);
  renameSync(draft, file);
}

/** The value of a JSON file; `absent` when there is none. */
export function readValue<T>(file: string, absent: T): T {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as T) : absent;
}

/** Takes the next free number of a folder, from 1, by making its file, whole from the beginning: no two processes get the same. */
export function claimNumber(folder: string, value: unknown): number {
  mkdirSync(folder, { recursive: true });
  const draft = `${folder}.${process.pid}.draft`;
  writeFileSync(draft, `${JSON.stringify(value)}\n`);
  try {
    for (let number = readdirSync(folder).length + 1; ; number++) {
      try {
        linkSync(draft, join(folder, `${String(number).padStart(6, "0")}.json`));
        return number;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  } finally {
    rmSync(draft, { force: true });
  }
}

/** The values of a folder's JSON files in the order of their names. */
export function readFolder<T>(folder: string): T[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return files.sort().map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as T);
}
