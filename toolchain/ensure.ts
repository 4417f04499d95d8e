import { cachedPart, type PartReport } from "./cache.ts";
import { diskError, isDiskError } from "./errors.ts";
import { keptNode, type KeptNode } from "./node.ts";
import { createRun, type EnsureOptions, type Run } from "./run.ts";
import type { PartName } from "./versions.ts";

/** The complete toolchain. */
export interface ToolchainReport {
  readonly root: string;
  readonly node: KeptNode;
  /** One per part that is needed, in the order in which they are got. */
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
  try {
    // Loaded only when there is work: downloads and builds bring half a second of packages with them.
    const { completeToolchain } = await import("./install.ts");
    const { node, parts } = await completeToolchain(run);
    return report(run, node, parts);
  } catch (error) {
    throw isDiskError(error) ? diskError(run.layout.root, error) : error;
  }
}

/** The report on a toolchain that is complete already, or null. Changes nothing, needs no network and no lock: for `doctor` and `env`. */
export async function inspectToolchain(options: EnsureOptions): Promise<ToolchainReport | null> {
  return lookUp(createRun(options));
}

async function lookUp(run: Run): Promise<ToolchainReport | null> {
  const [node, ...parts] = await Promise.all([keptNode(run), ...run.parts.map((part) => cachedPart(run, part))]);
  const complete = parts.filter((part) => part !== null);
  return node !== null && complete.length === run.parts.length ? report(run, node, complete) : null;
}

function report(run: Run, node: KeptNode, parts: readonly PartReport[]): ToolchainReport {
  const unpinned = parts.filter(({ trust }) => trust === "unpinned").map(({ part }) => part);
  return { root: run.layout.root, node, parts, unpinned, ms: run.elapsedMs() };
}
