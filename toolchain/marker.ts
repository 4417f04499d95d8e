import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readText, sha256OfFile, writeAtomically } from "./files.ts";
import { executableOf } from "./layout.ts";
import type { Run } from "./run.ts";
import { cloudNames, partNames, versionOf, type PartName } from "./versions.ts";

/** How a part got here. */
export type Origin = "path" | "vendor" | "built";
/** How far its bytes are vouched for: by our table, by the vendor's list at first use, by the registries, or by whoever put it on PATH. */
export type Trust = "pinned" | "unpinned" | "built" | "path";

const fileState = z.strictObject({ path: z.string(), size: z.number(), mtimeMs: z.number(), sha256: z.string().nullable() });
/** A file as it was when its part was complete. sha256 is null for files that are not ours. */
export type FileState = z.infer<typeof fileState>;

const markerSchema = z.strictObject({
  part: z.enum([...partNames, ...cloudNames]),
  version: z.string(),
  platform: z.string(),
  origin: z.enum(["path", "vendor", "built"]),
  trust: z.enum(["pinned", "unpinned", "built", "path"]),
  /** Of the archive (vendor) or of all that went into the build (built); null for what lies on PATH. */
  digest: z.string().nullable(),
  /** Files that decide a bundle, relative to the sources' folder. */
  inputs: z.array(z.string()),
  files: z.array(fileState).min(1),
  installedAt: z.iso.datetime(),
  ms: z.number(),
});
/** Written last: a part without a marker does not exist. */
export type Marker = z.infer<typeof markerSchema>;

const markerPath = (run: Run, part: PartName): string => join(run.layout.markers, `${part}.json`);
const platformName = (run: Run): string => `${run.platform.os}-${run.platform.arch}`;

/** The marker of a part, or null when there is none that can be read. */
export async function readMarker(run: Run, part: PartName): Promise<Marker | null> {
  const text = await readText(markerPath(run, part));
  if (text === null) return null;
  try {
    return markerSchema.parse(JSON.parse(text));
  } catch {
    return null; // a broken marker is no marker: the part is made again
  }
}

/** Declares a part complete: its files are hashed as they lie there now. */
export async function writeMarker(
  run: Run,
  made: Pick<Marker, "part" | "origin" | "trust" | "digest" | "ms"> & {
    version?: string;
    inputs?: string[];
    extraFiles?: string[];
  },
): Promise<Marker> {
  const { part, origin, trust, digest, ms, version = versionOf(part), inputs = [], extraFiles = [] } = made;
  const paths = [executableOf(run.layout, part), ...extraFiles];
  const files = await Promise.all(paths.map((path) => describe(path, origin !== "path")));
  const installedAt = new Date().toISOString();
  const marker: Marker = { part, version, platform: platformName(run), origin, trust, digest, inputs, files, installedAt, ms };
  await store(run, marker);
  return marker;
}

/** Takes back the declaration: the part is made again by the next run. */
export async function removeMarker(run: Run, part: PartName): Promise<void> {
  await rm(markerPath(run, part), { force: true });
}

/** True when the marker is of this version and platform and its files are untouched. A file that was only touched is hashed again. */
export async function markerHolds(run: Run, marker: Marker): Promise<boolean> {
  const ours = marker.origin === "path" || marker.version === versionOf(marker.part);
  if (!ours || marker.platform !== platformName(run)) return false;
  const states = await Promise.all(marker.files.map(currentState));
  if (states.some((state) => state === "changed")) return false;
  if (states.includes("touched")) {
    await store(run, {
      ...marker,
      files: await Promise.all(marker.files.map((file) => describe(file.path, file.sha256 !== null))),
    });
  }
  return true;
}

async function store(run: Run, marker: Marker): Promise<void> {
  await writeAtomically(markerPath(run, marker.part), `${JSON.stringify(marker, null, 2)}\n`);
}

async function describe(path: string, hashed: boolean): Promise<FileState> {
  const { size, mtimeMs } = await stat(path);
  return { path, size, mtimeMs, sha256: hashed ? await sha256OfFile(path) : null };
}

/** Size and time decide; reading 240 MB of executables at each start would cost most of a second. */
async function currentState(file: FileState): Promise<"same" | "touched" | "changed"> {
  const now = await stat(file.path).catch(() => null);
  if (now === null || !now.isFile() || now.size !== file.size || (now.mode & 0o100) === 0) return "changed";
  if (now.mtimeMs === file.mtimeMs) return "same";
  if (file.sha256 === null) return "changed";
  return (await sha256OfFile(file.path)) === file.sha256 ? "touched" : "changed";
}
