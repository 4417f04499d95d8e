import { constants, copyFile, link, mkdir, realpath, rename, rm, stat, symlink } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import { z } from "zod";
import { readText, writeAtomically } from "./files.ts";
import type { Run } from "./run.ts";

/** The Node kept in the toolchain. */
export interface KeptNode {
  readonly path: string;
  readonly version: string;
}

const noteSchema = z.strictObject({ version: z.string(), size: z.number() });
type Note = z.infer<typeof noteSchema>;

/** The kept Node, or null when `bin/node` is missing or not the one that runs now. */
export async function keptNode(run: Run, execPath: string = process.execPath): Promise<KeptNode | null> {
  const [running, note, size] = await Promise.all([describe(execPath), readNote(run), sizeOf(run.layout.node)]);
  // Not the path: two checkouts with the same Node share one copy.
  const same = note?.version === running.version && note.size === running.size && size === running.size;
  return same ? { path: run.layout.node, version: running.version } : null;
}

/**
 * Puts the running Node in `bin/node`: for programs, stand-ins, and the vendor's language host, which takes the first node on PATH.
 * A Node inside some node_modules gets a second name or a copy, since `git clean` may take it away; any other is linked.
 */
export async function keepNode(run: Run, execPath: string = process.execPath): Promise<KeptNode> {
  const kept = await keptNode(run, execPath);
  if (kept !== null) return kept;
  const source = await realpath(execPath);
  const running = await describe(source);
  const { node } = run.layout;
  const partial = `${node}.${process.pid}.partial`;
  await mkdir(dirname(node), { recursive: true });
  await rm(partial, { force: true });
  if (source.split(sep).includes("node_modules")) await linkOrCopy(source, partial);
  else await symlink(source, partial);
  await rename(partial, node);
  await writeAtomically(notePath(run), JSON.stringify(running));
  return { path: node, version: running.version };
}

/** A hard link outlives the original's folder as a copy does, and costs neither time nor 127 MB; not possible across file systems. */
async function linkOrCopy(source: string, to: string): Promise<void> {
  await link(source, to).catch(() => copyFile(source, to, constants.COPYFILE_FICLONE));
}

const notePath = (run: Run): string => join(run.layout.markers, "node.json");

async function describe(path: string): Promise<Note> {
  return { version: process.versions.node, size: (await stat(path)).size };
}

async function readNote(run: Run): Promise<Note | null> {
  const text = await readText(notePath(run));
  try {
    return text === null ? null : noteSchema.parse(JSON.parse(text));
  } catch {
    return null; // as good as none: Node is kept again
  }
}

async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}
