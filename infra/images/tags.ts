import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { imageSet, type ImageName } from "./images.ts";
import { lockClosure, type LockFile } from "./lock-closure.ts";

/** What decides the content of the images, besides their name. */
export interface TagInputs {
  /** The checkout's root folder. */
  readonly root: string;
  /** Stamp of the last `./fidus images --refresh`, recorded in the installation; absent: never refreshed. */
  readonly refreshed?: string | undefined;
}

/** Raise it when build.ts changes what an image contains in a way that no input file shows. */
const recipe = 1;

/**
 * Tag of an image: 12 hexadecimal digits over everything that decides its content (Dockerfile, scripts, sources, locked
 * package versions, parent, refresh stamp). Reads files, asks no engine, gives the same on every machine: the Pulumi
 * program and the builder both call it.
 */
export function contentTag(name: ImageName, inputs: TagInputs): string {
  const { parent, inputs: paths, locked } = imageSet[name];
  const hash = createHash("sha256").update(`recipe ${recipe}\nimage ${name}\nrefreshed ${inputs.refreshed ?? "never"}\n`);
  if (parent !== null) hash.update(`parent ${contentTag(parent, inputs)}\n`);
  for (const path of [`infra/images/${name}`, ...paths]) {
    for (const file of contentFiles(inputs.root, path)) {
      const digest = createHash("sha256")
        .update(readFileSync(join(inputs.root, file)))
        .digest("hex");
      hash.update(`file ${file} ${digest}\n`);
    }
  }
  if (locked.length > 0) {
    const lock = JSON.parse(readFileSync(join(inputs.root, "package-lock.json"), "utf8")) as LockFile;
    for (const line of lockClosure(lock, locked)) hash.update(`locked ${line}\n`);
  }
  return hash.digest("hex").slice(0, 12);
}

/** Name with tag, as containers use it: `fidus/app:1a2b3c4d5e6f`. */
export function imageRef(name: ImageName, inputs: TagInputs): string {
  return `fidus/${name}:${contentTag(name, inputs)}`;
}

/**
 * Files below `path` (or `path` itself) that count as content, relative to `root`, sorted; [] when it does not exist.
 * Tests, hidden files and node_modules are left out: changing a test builds no image.
 */
export function contentFiles(root: string, path: string): string[] {
  const full = join(root, path);
  if (!existsSync(full)) return [];
  if (!statSync(full).isDirectory()) return [path];
  return readdirSync(full, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith(".") && entry.name !== "node_modules" && !entry.name.includes(".test."))
    .flatMap((entry) => (entry.isDirectory() ? contentFiles(root, `${path}/${entry.name}`) : [`${path}/${entry.name}`]))
    .sort();
}
