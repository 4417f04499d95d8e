import { rm } from "node:fs/promises";
import type { Problem } from "../infra/core/errors.ts";
import { cachedPart, partReport, type PartReport } from "./cache.ts";
import { ToolchainError, WayClosedError, reasonOf } from "./errors.ts";
import { dropGoCaches } from "./go.ts";
import { buildWithGo } from "./go-build.ts";
import { executableOf } from "./layout.ts";
import { withLock } from "./lock.ts";
import { removeMarker, type Marker } from "./marker.ts";
import { keepNode, type KeptNode } from "./node.ts";
import { cliVersion, installFromPath } from "./on-path.ts";
import type { Run, SourceSetting } from "./run.ts";
import { buildStandIn } from "./stand-ins.ts";
import { createVendor, type Vendor } from "./vendor.ts";
import { isCloud, versionOf, type PartName } from "./versions.ts";

/** Gets what is missing, alone on this toolchain. Throws as `ensureToolchain` does. */
export async function completeToolchain(run: Run): Promise<{ node: KeptNode; parts: PartReport[] }> {
  return withLock(run, async () => ({ node: await keepNode(run), parts: await getAll(run) }));
}

async function getAll(run: Run): Promise<PartReport[]> {
  await clearLeftovers(run);
  const vendor = createVendor(run);
  const made = new Map<PartName, Marker>();
  const reports: PartReport[] = [];
  const missing: Problem[] = [];
  for (const part of run.parts) {
    const ready = made.has(part) ? null : await cachedPart(run, part);
    if (ready === null && !made.has(part)) {
      const got = await getPart(run, vendor, part).catch(ifCloud(part, missing));
      if (got === null) continue;
      for (const marker of got) made.set(marker.part, marker);
    }
    const marker = made.get(part);
    const done = marker === undefined ? ready : partReport(run, marker, marker.origin, marker.ms);
    if (done === null) throw new Error(`${part} was got and is not there`);
    reports.push(done);
    const message = `${done.version}, ${done.source}${done.trust === "unpinned" ? ", unpinned" : ""}`;
    run.log(part, "done", message, marker === undefined ? {} : { tookMs: marker.ms });
  }
  await dropGoCaches(run);
  if (missing.length > 0) throw new ToolchainError("unavailable", missing);
  return reports;
}

/** Whoever has to fetch the plugins of clouds by hand wants to hear of all of them at once: null, and the problem is kept. */
function ifCloud(part: PartName, missing: Problem[]): (error: unknown) => null {
  return (error) => {
    if (!isCloud(part) || !(error instanceof ToolchainError) || error.kind !== "unavailable") throw error;
    missing.push(...error.problems);
    return null;
  };
}

/** What a killed run left: nothing in these folders is referred to by a marker. */
async function clearLeftovers({ layout }: Run): Promise<void> {
  for (const folder of [layout.downloads, layout.staging]) await rm(folder, { recursive: true, force: true });
}

type Way = (run: Run, vendor: Vendor, part: PartName) => Promise<readonly Marker[]>;

const fromPath: Way = async (run, _vendor, part) => [await installFromPath(run, part)];
const fromVendor: Way = (_run, vendor, part) => vendor.install(part);
const fromRegistries: Way = async (run, _vendor, part) => {
  if (isCloud(part)) throw new WayClosedError("the plugin of a cloud is not built here", { quiet: true });
  return [part === "cli" || part === "docker" ? await buildWithGo(run, part) : await buildStandIn(run, part)];
};

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
      run.log(part, error.quiet ? "check" : "fallback", reasonOf(error));
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
  const buildHelp = buildHelpFor(part);
  const help = { auto: `${vendorHelp}. Or: ${buildHelp}`, vendor: vendorHelp, build: buildHelp }[run.setting];
  const rule = `a way to get it (FIDUS_TOOLCHAIN_SOURCE=${run.setting})`;
  return new ToolchainError("unavailable", [
    {
      path: `toolchain.${part}`,
      got: reasons.join("; "),
      rule,
      fix: `${help}. Then: ./fidus toolchain${isCloud(part) ? ` ${part}` : ""}`,
    },
  ]);
}

function buildHelpFor(part: PartName): string {
  if (isCloud(part)) return `pulumi plugin install resource ${part} ${versionOf(part)} with an engine of your own`;
  if (part === "cli" || part === "docker") return "Install Go 1.26 or newer, or python3 with pip";
  return "Restore the sources: git checkout -- toolchain";
}
