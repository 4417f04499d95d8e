import { rm } from "node:fs/promises";
import { ToolchainError, WayClosedError, reasonOf } from "./errors.ts";
import { dropGoCaches } from "./go.ts";
import { buildWithGo, goInputsDigest } from "./go-build.ts";
import { executableOf } from "./layout.ts";
import { withLock } from "./lock.ts";
import { markerHolds, readMarker, removeMarker, type Marker, type Origin, type Trust } from "./marker.ts";
import { keepNode, keptNode, type KeptNode } from "./node.ts";
import { cliVersion, installFromPath } from "./on-path.ts";
import { createRun, type EnsureOptions, type Run, type SourceSetting } from "./run.ts";
import { buildStandIn, standInDigest } from "./stand-ins.ts";
import { createVendor, type Vendor } from "./vendor.ts";
import { partNames, type PartName } from "./versions.ts";

/** What became of one part. */
export interface PartReport {
  readonly part: PartName;
  readonly version: string;
  /** How this run got it: "cache" when it was there already. */
  readonly source: "path" | "cache" | "vendor" | "built";
  /** How it got there in the first place. */
  readonly origin: Origin;
  readonly trust: Trust;
  /** The executable, inside the toolchain's folder. */
  readonly path: string;
  /** Milliseconds this run spent on it. */
  readonly ms: number;
}

/** The complete toolchain. */
export interface ToolchainReport {
  readonly root: string;
  readonly node: KeptNode;
  /** One per part, in the order of `partNames`. */
  readonly parts: readonly PartReport[];
  /** Vendor parts for which no digest is committed: what `doctor` lists. */
  readonly unpinned: readonly PartName[];
  /** Milliseconds, waiting for other processes included. */
  readonly ms: number;
}

/**
 * Makes the toolchain complete and says where each part came from. A second call finds everything and downloads nothing.
 * Several processes may call it at once. Throws InvalidInputError (settings) and ToolchainError (a part cannot be had or must
 * not be used); whatever was complete by then stays.
 */
export async function ensureToolchain(options: EnsureOptions): Promise<ToolchainReport> {
  const run = createRun(options);
  const found = await lookUp(run);
  if (found !== null) return found;
  return withLock(run, async () => {
    const node = await keepNode(run);
    return report(run, node, await getAll(run));
  });
}

/** The report on a toolchain that is complete already, or null. Changes nothing, needs no network and no lock: for `doctor` and `env`. */
export async function inspectToolchain(options: EnsureOptions): Promise<ToolchainReport | null> {
  return lookUp(createRun(options));
}

async function lookUp(run: Run): Promise<ToolchainReport | null> {
  const [node, ...parts] = await Promise.all([keptNode(run), ...partNames.map((part) => cachedPart(run, part))]);
  const complete = parts.filter((part) => part !== null);
  return node !== null && complete.length === partNames.length ? report(run, node, complete) : null;
}

function report(run: Run, node: KeptNode, parts: readonly PartReport[]): ToolchainReport {
  const unpinned = parts.filter(({ trust }) => trust === "unpinned").map(({ part }) => part);
  return { root: run.layout.root, node, parts, unpinned, ms: run.elapsedMs() };
}

async function getAll(run: Run): Promise<PartReport[]> {
  await clearLeftovers(run);
  const vendor = createVendor(run);
  const made = new Map<PartName, Marker>();
  const reports: PartReport[] = [];
  for (const part of partNames) {
    const ready = made.has(part) ? null : await cachedPart(run, part);
    if (ready === null && !made.has(part)) for (const marker of await getPart(run, vendor, part)) made.set(marker.part, marker);
    const marker = made.get(part);
    const done = marker === undefined ? ready : partReport(run, marker, marker.origin, marker.ms);
    if (done === null) throw new Error(`${part} was got and is not there`);
    reports.push(done);
    run.log(part, "done", `${done.version}, ${done.source}${done.trust === "unpinned" ? ", unpinned" : ""}`);
  }
  await dropGoCaches(run);
  return reports;
}

/** What a killed run left: nothing in these folders is referred to by a marker. */
async function clearLeftovers({ layout }: Run): Promise<void> {
  for (const folder of [layout.downloads, layout.staging]) await rm(folder, { recursive: true, force: true });
}

/** A part that is complete, unchanged, and from a source that the setting allows. */
async function cachedPart(run: Run, part: PartName): Promise<PartReport | null> {
  const startedAt = run.elapsedMs();
  const marker = await readMarker(run, part);
  if (marker === null || !allowed[run.setting].includes(marker.origin)) return null;
  const holds = (await markerHolds(run, marker)) && (await inputsHold(run, marker));
  return holds ? partReport(run, marker, marker.origin === "path" ? "path" : "cache", run.elapsedMs() - startedAt) : null;
}

const allowed: Readonly<Record<SourceSetting, readonly Origin[]>> = {
  auto: ["path", "vendor", "built"],
  vendor: ["vendor"],
  build: ["built"],
};

/** A build is as old as its sources: another checkout, or an edited file, means another digest. */
async function inputsHold(run: Run, { part, origin, digest, inputs }: Marker): Promise<boolean> {
  if (origin !== "built") return true;
  const current = part === "cli" || part === "docker" ? await goInputsDigest(run, part) : await standInDigest(run, part, inputs);
  return current === digest;
}

function partReport(run: Run, marker: Marker, source: PartReport["source"], ms: number): PartReport {
  const { part, version, origin, trust } = marker;
  return { part, version, source, origin, trust, path: executableOf(run.layout, part), ms };
}

type Way = (run: Run, vendor: Vendor, part: PartName) => Promise<readonly Marker[]>;

const fromPath: Way = async (run, _vendor, part) => [await installFromPath(run, part)];
const fromVendor: Way = (_run, vendor, part) => vendor.install(part);
const fromRegistries: Way = async (run, _vendor, part) => [
  part === "cli" || part === "docker" ? await buildWithGo(run, part) : await buildStandIn(run, part),
];

const ways: Readonly<Record<SourceSetting, readonly Way[]>> = {
  auto: [fromPath, fromVendor, fromRegistries],
  vendor: [fromVendor],
  build: [fromRegistries],
};

/** The first way that works. Bytes that fail their check end the search: going on would hide them. */
async function getPart(run: Run, vendor: Vendor, part: PartName): Promise<readonly Marker[]> {
  const reasons: string[] = [];
  for (const way of ways[run.setting]) {
    try {
      const markers = await way(run, vendor, part);
      await checkThatItRuns(run, part);
      return markers;
    } catch (error) {
      run.signal.throwIfAborted();
      if (!(error instanceof WayClosedError)) throw error;
      reasons.push(reasonOf(error));
      run.log(part, "fallback", reasonOf(error));
    }
  }
  throw unavailable(run, part, reasons);
}

/** An executable for another C library or on a noexec mount shows here, not in the middle of an `up`. */
async function checkThatItRuns(run: Run, part: PartName): Promise<void> {
  if (part !== "cli") return;
  const path = executableOf(run.layout, part);
  if ((await cliVersion(path, run.env)) !== null) return;
  await removeMarker(run, part);
  throw new WayClosedError(`${path} does not run on this machine`);
}

function unavailable(run: Run, part: PartName, reasons: readonly string[]): ToolchainError {
  const vendorHelp = "Let this machine reach get.pulumi.com and github.com (or a mirror: export FIDUS_VENDOR_BASE_URL=URL)";
  const buildHelp = "install Go 1.26 or newer, or python3 with pip";
  const help = { auto: `${vendorHelp}, or ${buildHelp}`, vendor: vendorHelp, build: buildHelp }[run.setting];
  const rule = `a way to get it (FIDUS_TOOLCHAIN_SOURCE=${run.setting})`;
  return new ToolchainError("unavailable", [
    {
      path: `toolchain.${part}`,
      got: reasons.join("; "),
      rule,
      fix: `${help.charAt(0).toUpperCase()}${help.slice(1)}; then: ./fidus toolchain`,
    },
  ]);
}
