import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { resolvePaths } from "../../cli/paths.ts";
import { findProgram, pathFolders } from "../programs.ts";

const requirements = join(import.meta.dirname, "requirements.txt");

export interface PythonOptions {
  readonly env: NodeJS.ProcessEnv;
  /** Told before packages are fetched. */
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
  /** Pinned packages with their digests. @default requirements.txt beside this file */
  readonly requirements?: string;
}

/**
 * The folder of a Python environment with these packages and no others: made once per list and version of Python, in the cache.
 * @throws with a reason and what repairs it: no Python, no venv, a package that cannot be fetched or is another one
 */
export async function ensurePython({ env, log, signal, requirements: list = requirements }: PythonOptions): Promise<string> {
  const python = await findPython(env);
  const home = await homeOf(python, env, list);
  if (existsSync(home)) return home;
  log("fetching the Python packages of the tests (40 MB)");
  const parent = join(home, "..");
  await mkdir(parent, { recursive: true });
  // Made beside and moved: nobody meets half an environment.
  const staging = await mkdtemp(join(parent, "new-"));
  try {
    const run = async (file: string, args: readonly string[], problem: string): Promise<void> => {
      const done = await execa(file, args, { env, extendEnv: false, reject: false, stdin: "ignore", cancelSignal: signal });
      if (done.failed) throw new Error(`${problem}: ${lastError(`${done.stdout}\n${done.stderr}`)}`);
    };
    const lacking = "python3 cannot make a venv (Debian: sudo apt-get install python3-venv)";
    await run(python, ["-m", "venv", staging], lacking);
    const flags = ["--require-hashes", "--no-deps", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"];
    const pip = ["-m", "pip", "install", ...flags, "--requirement", list];
    await run(join(staging, "bin/python"), pip, `pip cannot fetch ${list} (offline, or no mirror that has it?)`);
    await rename(staging, home).catch((error: NodeJS.ErrnoException) => {
      // Somebody else was quicker.
      if (!existsSync(home)) throw error;
    });
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
  return home;
}

/** Python with the packages, for a test whose tier needs them. @throws when the tier was begun without them */
export async function testPython(env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const home = await homeOf(await findPython(env), env, requirements);
  const python = join(home, "bin/python");
  if (!existsSync(python)) throw new Error(`${python}: got nothing; needs the Python packages. ./fidus test docker`);
  return python;
}

async function findPython(env: NodeJS.ProcessEnv): Promise<string> {
  const python = findProgram(["python3"], pathFolders(env));
  if (python === null) throw new Error("python3 is missing (Debian: sudo apt-get install python3-venv)");
  return python;
}

async function homeOf(python: string, env: NodeJS.ProcessEnv, list: string): Promise<string> {
  const ask = "import sys, platform; print(sys.version, platform.machine(), sys.prefix); sys.exit(sys.version_info < (3, 11))";
  const said = await execa(python, ["-c", ask], { env, extendEnv: false, reject: false, stdin: "ignore" });
  if (said.failed) throw new Error(`${python} is ${said.stdout.split(" ")[0] ?? "broken"}; needs Python 3.11 or newer`);
  const key = createHash("sha256")
    .update(said.stdout)
    .update(await readFile(list))
    .digest("hex")
    .slice(0, 16);
  return join(resolvePaths(env).cache, "test-python", key);
}

function lastError(output: string): string {
  const lines = output
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
  return lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? "no message";
}
