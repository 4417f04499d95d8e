import { chmod, lstat, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import * as tar from "tar";
import { expectedDigest, recordDigest, type ExpectedDigest } from "./digests.ts";
import { DownloadError, fetchFile, unreachableReason } from "./download.ts";
import { ToolchainError, WayClosedError, reasonOf } from "./errors.ts";
import { emptyFolder, moveIntoPlace } from "./files.ts";
import { executableOf } from "./layout.ts";
import { writeMarker, type Marker } from "./marker.ts";
import type { Run } from "./run.ts";
import { onMirror, vendorArchive, type PartName, type VendorArchive } from "./versions.ts";

/** The vendor's downloads, as far as this run knows them: one probe decides for all parts. */
export interface Vendor {
  /**
   * Downloads, verifies and puts in place the archive of `part`; with the CLI comes its language host.
   * Throws WayClosedError when it cannot be had, ToolchainError when its bytes are not what they must be.
   */
  install(part: PartName): Promise<readonly Marker[]>;
}

export function createVendor(run: Run): Vendor {
  let closed: Promise<string | null> | null = null;

  async function probe(archive: VendorArchive): Promise<string | null> {
    run.log("toolchain", "probe", "asking the vendor's download host");
    const url = onMirror(archive.url, run.mirror);
    const reason = await unreachableReason(run, url);
    if (reason !== null) run.log("toolchain", "fallback", `no vendor downloads: ${reason}`);
    return reason;
  }

  return {
    async install(part) {
      const archive = vendorArchive(part, run.platform);
      const reason = await (closed ??= probe(archive));
      if (reason !== null) throw new WayClosedError(reason, { quiet: true });
      try {
        return await installArchive(run, part, archive);
      } catch (error) {
        if (!(error instanceof DownloadError)) throw error;
        if (error.scope === "host") closed = Promise.resolve(error.message);
        throw new WayClosedError(error.message, { cause: error });
      }
    },
  };
}

async function installArchive(run: Run, part: PartName, archive: VendorArchive): Promise<readonly Marker[]> {
  const startedAt = run.elapsedMs();
  // A host for a CLI that is there already must not replace that CLI.
  const entries = part === "cli" ? archive.entries : archive.entries.filter((entry) => entry.part === part);
  const expected = await expectedDigest(run, archive);
  const partial = join(run.layout.downloads, `${archive.file}.${process.pid}.partial`);
  const url = onMirror(archive.url, run.mirror);
  run.log(part, "download", archive.file);
  const digests = await fetchFile(run, part, { url, to: partial, algorithms: ["sha256", expected.algorithm] });
  run.log(part, "verify", `${expected.algorithm} by ${expected.where}`);
  try {
    verify(archive, expected, digests[expected.algorithm]);
    if (expected.by === "list")
      await recordDigest(run, archive.file, digests.sha256, `${expected.algorithm} in ${expected.where}`);
    run.log(part, "unpack", archive.file);
    await unpack(run, entries, partial);
  } finally {
    await rm(partial, { force: true });
  }
  const made = {
    origin: "vendor",
    trust: expected.by === "pin" ? "pinned" : "unpinned",
    digest: digests.sha256,
    ms: run.elapsedMs() - startedAt,
  } as const;
  return Promise.all(entries.map((entry) => writeMarker(run, { ...made, part: entry.part })));
}

function verify({ file }: VendorArchive, { algorithm, value, by, where }: ExpectedDigest, got: string): void {
  if (got === value) return;
  const rule = `${value}, ${by === "record" ? "as at its first use" : "as promised"} (${where})`;
  const rest = "If it persists, get the parts by another way: export FIDUS_TOOLCHAIN_SOURCE=build";
  throw new ToolchainError("integrity", [{ path: `${file} ${algorithm}`, got, rule, fix: `Nothing of it was kept. ${rest}` }]);
}

/** Only the executables we know by name leave the archive. */
async function unpack(run: Run, entries: VendorArchive["entries"], file: string): Promise<void> {
  const folder = await emptyFolder(join(run.layout.staging, basename(file)));
  const wanted = new Set(entries.map(({ entry }) => entry));
  try {
    await tar.x({ file, cwd: folder, strict: true, filter: (path) => wanted.has(path.replace(/^\.\//, "")) });
    for (const { part, entry } of entries) {
      const path = join(folder, entry);
      if (!(await lstat(path)).isFile()) throw new Error(`${entry} is not a file`);
      await chmod(path, 0o755);
      await moveIntoPlace(path, executableOf(run.layout, part));
    }
  } catch (error) {
    throw new WayClosedError(`${basename(file)} cannot be unpacked (${reasonOf(error)})`, { cause: error });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
