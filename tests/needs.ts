import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { ensureEngine } from "../cli/docker-setup.ts";
import { resolvePaths } from "../cli/paths.ts";
import { ensureModel } from "../cli/models.ts";
import { createProgress } from "../cli/progress.ts";
import { demoModel } from "../infra/core/models.ts";
import { installRuntime } from "../infra/images/prepare.ts";
import { ensureToolchain } from "../toolchain/ensure.ts";
import { chromiumNames, findProgram, pathFolders } from "./programs.ts";
import { ensurePython } from "./python/environment.ts";
import { removeLeftPolicy, withoutServices } from "./service-policy.ts";

/** Something outside the checkout that a tier cannot do without. */
export type Need = ProgramName | LargeNeed;

/** What takes more than a package: an engine, the toolchain, the embedded runtime with its model, Python programs. */
type LargeNeed = "docker" | "toolchain" | "llama" | "python";

/** What a need asks of this machine; the runner's own tests give another one. */
export interface Machine {
  readonly env: NodeJS.ProcessEnv;
  /** May install Debian packages. */
  readonly canInstall: boolean;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

interface ProgramNeed {
  /** Programs that must be found; of several names, one is enough. */
  readonly programs: readonly (string | readonly string[])[];
  /** Debian packages that bring them. */
  readonly packages: readonly string[];
}

const programNeeds = {
  shellcheck: { programs: ["shellcheck"], packages: ["shellcheck"] },
  nginx: { programs: ["nginx"], packages: ["nginx-light"] },
  sshd: { programs: ["sshd", "ssh-keygen"], packages: ["openssh-server", "openssh-client"] },
  ssh: { programs: ["ssh"], packages: ["openssh-client"] },
  mmdebstrap: { programs: ["mmdebstrap"], packages: ["mmdebstrap"] },
  jq: { programs: ["jq"], packages: ["jq"] },
  postgres: { programs: ["initdb", "postgres"], packages: ["postgresql"] },
  redis: { programs: ["redis-server"], packages: ["redis-server"] },
  registry: { programs: ["docker-registry"], packages: ["docker-registry"] },
  chromium: { programs: [chromiumNames], packages: ["chromium", "fonts-dejavu-core", "fonts-noto-color-emoji"] },
} as const satisfies Record<string, ProgramNeed>;

/** Root on Debian or Ubuntu: the only place where the tests may install packages. */
export function mayInstall(): boolean {
  return process.getuid?.() === 0 && existsSync("/usr/bin/apt-get") && existsSync("/etc/debian_version");
}

/** What keeps a tier from running: one reason per missing need, [] when all is there. Installs what it may. */
export async function provide(needs: readonly Need[], machine: Machine): Promise<string[]> {
  if (machine.canInstall) await removeLeftPolicy();
  const programs = needs.filter((need) => Object.hasOwn(programNeeds, need)) as ProgramName[];
  const reasons = await providePrograms(programs, machine);
  // Whoever lacks a small part need not wait for the large ones.
  if (reasons.length > 0) return reasons;
  if (needs.includes("docker")) reasons.push(...(await attempt("docker", () => provideDocker(machine))));
  if (needs.includes("toolchain") && reasons.length === 0)
    reasons.push(...(await attempt("toolchain", () => provideToolchain(machine))));
  if (needs.includes("llama") && reasons.length === 0) reasons.push(...(await attempt("llama", () => provideLlama(machine))));
  if (needs.includes("python") && reasons.length === 0) reasons.push(...(await attempt("python", () => providePython(machine))));
  return reasons;
}

type ProgramName = keyof typeof programNeeds;

async function providePrograms(names: readonly ProgramName[], machine: Machine): Promise<string[]> {
  const folders = await programFolders(machine.env);
  const lacking = names.filter((name) => missingPrograms(name, folders).length > 0);
  if (lacking.length === 0) return [];
  const packages = lacking.flatMap((name) => [...programNeeds[name].packages]);
  if (!machine.canInstall)
    return lacking.map((name) => `${name} is missing (sudo apt-get install ${programNeeds[name].packages.join(" ")})`);
  machine.log(`installing ${packages.join(", ")}`);
  const problem = await aptInstall(packages, machine.signal);
  if (problem !== null) return [problem];
  const now = await programFolders(machine.env);
  return lacking
    .flatMap((name) => missingPrograms(name, now))
    .map((program) => `${program} is missing although its package was installed`);
}

function missingPrograms(name: ProgramName, folders: readonly string[]): string[] {
  return programNeeds[name].programs
    .map((names) => [names].flat())
    .flatMap((names) => (findProgram(names, folders) === null ? [names[0] ?? ""] : []));
}

/** PATH, and where Debian keeps what is not for everyone's PATH. */
async function programFolders(env: NodeJS.ProcessEnv): Promise<string[]> {
  const postgres = "/usr/lib/postgresql";
  const versions = existsSync(postgres) ? await readdir(postgres) : [];
  return [...pathFolders(env), "/usr/sbin", "/sbin", ...versions.map((version) => join(postgres, version, "bin"))];
}

/** Null, or why it failed. */
async function aptInstall(packages: readonly string[], signal: AbortSignal): Promise<string | null> {
  return withoutServices(async () => {
    const options = {
      reject: false,
      all: true,
      stdin: "ignore",
      cancelSignal: signal,
      env: { DEBIAN_FRONTEND: "noninteractive" },
    } as const;
    await execa("apt-get", ["update", "--quiet"], options);
    const result = await execa(
      "apt-get",
      ["-o", "DPkg::Lock::Timeout=300", "install", "--yes", "--quiet", "--no-install-recommends", ...packages],
      options,
    );
    signal.throwIfAborted();
    return result.failed ? `apt-get install ${packages.join(" ")}: ${result.all?.trim().split("\n").at(-1) ?? "failed"}` : null;
  });
}

async function attempt(name: string, provideIt: () => Promise<void>): Promise<string[]> {
  try {
    await provideIt();
    return [];
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return [`${name}: ${message.split("\n").slice(0, 2).join(" ")}`];
  }
}

async function provideDocker({ env, log, signal }: Machine): Promise<void> {
  const progress = createProgress({ stream: process.stderr, tty: process.stderr.isTTY === true });
  await ensureEngine({ env, signal, paths: resolvePaths(env), progress, notice: log });
}

async function provideToolchain({ env, log, signal }: Machine): Promise<void> {
  const { toolchain } = resolvePaths(env);
  await ensureToolchain({
    env,
    signal,
    paths: { root: toolchain },
    log: ({ part, phase, message }) => {
      if (phase === "build" || phase === "fallback") log(`toolchain ${part}: ${message}`);
    },
  });
}

/** The embedded runtime from its own lock file, and the demo model: what the app's model test loads outside of any image. */
async function provideLlama({ env, log, signal }: Machine): Promise<void> {
  const checkout = join(import.meta.dirname, "..");
  const cpu = process.arch === "arm64" ? "arm64" : "x64";
  const target = join(checkout, "app/llm/node_modules");
  if (!existsSync(join(target, "node-llama-cpp"))) {
    log("installing node-llama-cpp");
    await installRuntime({ root: checkout, target, scratch: tmpdir(), cpu, env, onLine: () => {}, signal });
  }
  await ensureModel({ model: demoModel, cacheDir: resolvePaths(env).cache, log, signal });
}

/** Debian's Python comes without what makes an environment of its own. */
async function providePython({ env, canInstall, log, signal }: Machine): Promise<void> {
  const python = findProgram(["python3"], pathFolders(env));
  const able = python !== null && !(await execa(python, ["-m", "ensurepip", "--version"], { env, reject: false })).failed;
  if (!able && canInstall) {
    log("installing python3-venv");
    const problem = await aptInstall(["python3-venv"], signal);
    if (problem !== null) throw new Error(problem);
  }
  await ensurePython({ env, log, signal });
}
