import { createHash } from "node:crypto";
import { readFile, readdir, rm, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import type { BuildFailure, Plugin } from "esbuild";
import { WayClosedError, reasonOf } from "./errors.ts";
import { writeAtomically } from "./files.ts";
import { executableName, executableOf, folderOf, type Layout } from "./layout.ts";
import { writeMarker, type Marker } from "./marker.ts";
import type { Run } from "./run.ts";
import type { CloudName, PartName } from "./versions.ts";

/** The parts that are TypeScript programs of ours where the vendor's cannot be had. */
export type StandInPart = Exclude<PartName, "cli" | "docker" | CloudName>;

/** Source file a stand-in starts from. */
export function entryOf(sources: string, part: StandInPart): string {
  return part === "language-host" ? join(sources, "language-host.ts") : join(sources, "providers", `${part}.ts`);
}

/** Bundles a stand-in into one file and puts a launcher where the engine looks for the plugin. Throws WayClosedError. */
export async function buildStandIn(run: Run, part: StandInPart): Promise<Marker> {
  const startedAt = run.elapsedMs();
  run.log(part, "bundle", "bundling our stand-in");
  const { code, inputs } = await bundle(run, part);
  const digest = await standInDigest(run, part, inputs);
  if (digest === null) throw new WayClosedError("its sources changed while they were read");
  const file = join(run.layout.standIns, `${executableName(part)}-${digest.slice(0, 12)}.mjs`);
  await writeAtomically(file, code, 0o755);
  await writeAtomically(executableOf(run.layout, part), launcher(run.layout, part, file), 0o755);
  await removeOlder(run.layout, part, file);
  const made = { part, origin: "built", trust: "built", digest, ms: run.elapsedMs() - startedAt } as const;
  return writeMarker(run, { ...made, inputs, extraFiles: [file] });
}

/** Raised when the way of bundling changes, so that bundles made the old way are made again. */
const recipe = 3;

/**
 * Hash over all that decides a bundle, as this checkout has it now: our sources, and the package.json of each package in it; null when a file is gone or the list is not of this part.
 * Inputs are relative to the sources' folder: two equal checkouts share one bundle.
 */
export async function standInDigest(run: Run, part: StandInPart, inputs: readonly string[]): Promise<string | null> {
  if (!inputs.includes(relative(run.sources, entryOf(run.sources, part)))) return null;
  const contents = await Promise.all(inputs.map((name) => readFile(join(run.sources, name)).catch(() => null)));
  const hash = createHash("sha256").update(`recipe ${recipe}\0`);
  for (const content of contents) {
    if (content === null) return null;
    hash.update(`${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

async function bundle(run: Run, part: StandInPart): Promise<{ code: string; inputs: string[] }> {
  const { build } = await import("esbuild"); // only loaded when there is something to bundle
  const entry = entryOf(run.sources, part);
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [entry],
      absWorkingDir: run.sources,
      bundle: true,
      write: false,
      metafile: true,
      platform: "node",
      target: "node24",
      format: "esm",
      minifySyntax: true,
      logLevel: "silent",
      banner: { js: commonJsNames },
      plugins: [withoutNativeModules],
    });
    const files = Object.keys(metafile.inputs).filter((name) => !name.includes(":"));
    return { code: outputFiles[0]?.text ?? "", inputs: [...new Set(files.map(decidingFile))].sort() };
  } catch (error) {
    throw new WayClosedError(`${entry} cannot be bundled (${firstFault(error)})`, { cause: error });
  }
}

/** A file of an installed package is told by the package's version: hundreds of files less to read at each start. */
function decidingFile(name: string): string {
  const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(name) ?? [];
  return folder === undefined ? name : `${folder}/package.json`;
}

/** esbuild's own message says only how many faults there are. */
function firstFault(error: unknown): string {
  const [fault] = error instanceof Error && "errors" in error ? (error as BuildFailure).errors : [];
  const where = fault?.location ? `${fault.location.file}:${fault.location.line}: ` : "";
  return fault === undefined ? reasonOf(error) : `${where}${fault.text}`;
}

/** What CommonJS packages inside an ES module bundle expect to find. */
const commonJsNames = `import { createRequire as fidusCreateRequire } from "node:module";
const require = fidusCreateRequire(import.meta.url), __filename = import.meta.filename, __dirname = import.meta.dirname;`;

/** ssh2 tries native code and does without; a bundle cannot carry it, so the attempt fails as if it were not installed. */
const withoutNativeModules: Plugin = {
  name: "without-native-modules",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /\.node$|^cpu-features$/ }, ({ path }) => ({ path, namespace: "native" }));
    onLoad({ filter: /.*/, namespace: "native" }, ({ path }) => ({
      contents: `throw Object.assign(new Error(${JSON.stringify(`${path} is left out of the bundle`)}), { code: "MODULE_NOT_FOUND" });`,
      loader: "js",
    }));
  },
};

/**
 * Paths are relative to the launcher, so that the toolchain's folder can be moved as a whole. What Node compiled is kept, also for
 * the programs that the language host starts: it is a third of the time of a preview.
 */
function launcher(layout: Layout, part: PartName, file: string): string {
  const fromHere = (path: string): string => relative(folderOf(layout, part), path);
  return `#!/bin/sh
# Made by Fidus: stands in for the vendor's ${executableName(part)}.
here=$\{0%/*}
case $here in /*) export NODE_COMPILE_CACHE="$\{NODE_COMPILE_CACHE:-$here/${fromHere(layout.compiled)}}" ;; esac
exec "$here/${fromHere(layout.node)}" "$here/${fromHere(file)}" "$@"
`;
}

/** A day: another checkout's run, which has its own bundles, may be starting them at this moment. */
const keptMs = 86_400_000;

async function removeOlder({ standIns }: Layout, part: PartName, current: string): Promise<void> {
  const others = (await readdir(standIns))
    .filter((name) => name.startsWith(`${executableName(part)}-`))
    .map((name) => join(standIns, name))
    .filter((file) => file !== current);
  for (const file of others) {
    const made = await stat(file).catch(() => null);
    if (made !== null && made.mtimeMs < Date.now() - keptMs) await rm(file, { force: true });
  }
}
