import { z } from "zod";
import { DownloadError, fetchText, shown, type Algorithm } from "./download.ts";
import { ToolchainError, WayClosedError } from "./errors.ts";
import { readText, writeAtomically } from "./files.ts";
import type { Run } from "./run.ts";
import { onMirror, type VendorArchive } from "./versions.ts";

/** What an archive must hash to, and who says so. */
export interface ExpectedDigest {
  readonly algorithm: Algorithm;
  readonly value: string;
  /** "pin": our table. "record": first use on this machine. "list": the vendor's list, read just now. */
  readonly by: "pin" | "record" | "list";
  /** For messages: where the value was read. */
  readonly where: string;
}

const recordsSchema = z.record(
  z.string(),
  z.strictObject({ sha256: z.string().length(64), vouchedBy: z.string(), recordedAt: z.iso.datetime() }),
);
type Records = z.infer<typeof recordsSchema>;

/**
 * The digest an archive must have: pinned, else recorded here at first use, else from the vendor's list.
 * Throws WayClosedError when nobody vouches for it: unverified bytes are never used.
 */
export async function expectedDigest(run: Run, archive: VendorArchive): Promise<ExpectedDigest> {
  const pinned = run.pins[archive.file];
  if (pinned !== undefined) return { algorithm: "sha256", value: pinned, by: "pin", where: "toolchain/versions.ts" };
  const recorded = (await readRecords(run))[archive.file];
  if (recorded) return { algorithm: "sha256", value: recorded.sha256, by: "record", where: run.layout.digests };
  return listedDigest(run, archive);
}

/** Keeps the sha256 of an archive that was just verified; the next download of the same file must match it. */
export async function recordDigest(run: Run, file: string, sha256: string, vouchedBy: string): Promise<void> {
  const records: Records = { ...(await readRecords(run)), [file]: { sha256, vouchedBy, recordedAt: new Date().toISOString() } };
  await writeAtomically(run.layout.digests, `${JSON.stringify(records, null, 2)}\n`);
}

async function listedDigest(run: Run, archive: VendorArchive): Promise<ExpectedDigest> {
  const failures: string[] = [];
  for (const url of archive.checksumUrls.map((original) => onMirror(original, run.mirror))) {
    try {
      const found = sumIn(await fetchText(run, url), archive.file);
      if (found !== null) return { ...found, by: "list", where: shown(url) };
      failures.push(`${shown(url)} does not name ${archive.file}`);
    } catch (error) {
      if (!(error instanceof DownloadError)) throw error;
      failures.push(error.message);
    }
  }
  throw new WayClosedError(`no list of sums to verify ${archive.file} with (${failures.join("; ")})`);
}

const algorithmOfLength: Readonly<Record<number, Algorithm>> = { 40: "sha1", 64: "sha256", 128: "sha512" };

/** The sum of one file in a list as `sha256sum` or `shasum` writes it (`SUM  [*][./]NAME`), the strongest one; null when it is not named. */
export function sumIn(list: string, file: string): Pick<ExpectedDigest, "algorithm" | "value"> | null {
  const sums = list.split("\n").flatMap((line) => {
    const [, value = "", name] = /^([0-9a-f]+)[ \t]+\*?(?:\.\/)?(\S+)\s*$/i.exec(line) ?? [];
    const algorithm = algorithmOfLength[value.length];
    return name === file && algorithm ? [{ algorithm, value: value.toLowerCase() }] : [];
  });
  return sums.sort((a, b) => b.value.length - a.value.length)[0] ?? null;
}

async function readRecords(run: Run): Promise<Records> {
  const text = await readText(run.layout.digests);
  if (text === null) return {};
  try {
    return recordsSchema.parse(JSON.parse(text));
  } catch (error) {
    // Not skipped: whoever can spoil this file could otherwise make a changed archive look new.
    const problem = { path: run.layout.digests, got: "a file that cannot be read", rule: "the digests recorded at first use" };
    throw new ToolchainError("integrity", [{ ...problem, fix: `rm ${run.layout.digests}` }], { cause: error });
  }
}
