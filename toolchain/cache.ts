import { goInputsDigest } from "./go-recipes.ts";
import { executableOf } from "./layout.ts";
import { markerHolds, readMarker, type Marker, type Origin, type Trust } from "./marker.ts";
import type { Run, SourceSetting } from "./run.ts";
import { standInDigest } from "./stand-ins.ts";
import { isCloud, type PartName } from "./versions.ts";

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

/** A part that is complete, unchanged, and from a source that the setting allows. */
export async function cachedPart(run: Run, part: PartName): Promise<PartReport | null> {
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
  if (origin !== "built" || isCloud(part)) return true;
  const current = part === "cli" || part === "docker" ? await goInputsDigest(run, part) : await standInDigest(run, part, inputs);
  return current === digest;
}

/** The report on a part whose marker holds. */
export function partReport(run: Run, marker: Marker, source: PartReport["source"], ms: number): PartReport {
  const { part, version, origin, trust } = marker;
  return { part, version, source, origin, trust, path: executableOf(run.layout, part), ms };
}
