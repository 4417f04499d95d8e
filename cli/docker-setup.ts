import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { findEngine, type DockerDeps, type Engine } from "./docker.ts";
import { oldestEngine } from "./docker-refusals.ts";
import { cannotGoOn, type CliError } from "./errors.ts";
import type { Paths } from "./paths.ts";
import type { Progress } from "./progress.ts";
import { run as realRun, type Run } from "./run.ts";

export interface EnsureEngineOptions extends DockerDeps {
  readonly paths: Paths;
  readonly progress: Progress;
  readonly notice: (text: string) => void;
  /** What may be done on this host. @default read from the host */
  readonly host?: SetupHost;
  /** Asked before packages are installed: throws when this host cannot run the product anyway. @default nothing is asked */
  readonly beforeInstall?: () => Promise<void>;
}

/** The host as far as installing and starting an engine goes; tests give their own. */
export interface SetupHost {
  readonly root: boolean;
  /** `ID` and `ID_LIKE` of os-release, in lower case: `["debian"]`, `["ubuntu", "debian"]`. */
  readonly distribution: readonly string[];
  /** PID 1 is systemd. */
  readonly systemd: boolean;
  /** Arguments of a dockerd started by hand. @default none: its own defaults */
  readonly dockerdArgs: readonly string[];
  /** Where it leaves its process ids; stale ones stop it from starting. */
  readonly pidFiles: readonly string[];
  /** Bound of its start, in milliseconds. */
  readonly startTimeoutMs: number;
}

const pollMs = 200;
const shownLines = 20;

/** This host. */
export async function readHost(): Promise<SetupHost> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const field = (name: string): string => new RegExp(`^${name}="?([^"\n]*)"?$`, "m").exec(release)?.[1]?.toLowerCase() ?? "";
  return {
    root: process.getuid?.() === 0,
    distribution: `${field("ID")} ${field("ID_LIKE")}`.split(/\s+/).filter((word) => word !== ""),
    systemd: existsSync("/run/systemd/system"),
    dockerdArgs: [],
    pidFiles: ["/var/run/docker.pid", "/var/run/docker/containerd/containerd.pid"],
    startTimeoutMs: 90_000,
  };
}

/**
 * An engine that answers. As root on Linux one that is installed is started, and on Debian and Ubuntu a missing one is
 * installed from the distribution, each announced first. Throws exit 1 with the exact commands in every other case.
 */
export async function ensureEngine(options: EnsureEngineOptions): Promise<Engine> {
  const first = await findEngine(options);
  if (first.kind === "found") return first.engine;
  if (first.kind === "refused") throw first.error;
  const host = options.host ?? (await readHost());
  const { platform = process.platform, run = realRun, env } = options;
  const hasDaemon = await isOnPath(run, env, "dockerd");
  const debian = host.distribution.includes("debian") || host.distribution.includes("ubuntu");
  if (platform !== "linux" || !host.root || (!debian && (!hasDaemon || !first.cli))) throw noEngine(platform, host, first);
  if (!hasDaemon || !first.cli) {
    await options.beforeInstall?.();
    await install(options, run);
  }
  const again = await findEngine(options);
  if (again.kind === "found") return again.engine;
  if (again.kind === "refused") throw again.error;
  return start(options, host, run);
}

/** Nothing may be done here: the commands that the operator runs. */
function noEngine(
  platform: NodeJS.Platform,
  host: SetupHost,
  { cli, tried }: { cli: boolean; tried: readonly string[] },
): CliError {
  const got = tried.length > 0 ? tried.join("; ") : cli ? "no socket of an engine" : "no docker command";
  return cannotGoOn(
    "No Docker engine answers",
    [{ path: "docker", got, rule: `Docker ${oldestEngine} or newer`, fix: setupCommands(platform, host) }],
    "no-engine",
  );
}

/** Commands that install and start Docker on this system. */
export function setupCommands(
  platform: NodeJS.Platform,
  { distribution, systemd }: Pick<SetupHost, "distribution" | "systemd">,
): string {
  const begin = systemd ? "sudo systemctl enable --now docker" : "sudo sh -c 'nohup setsid dockerd >/var/log/dockerd.log 2>&1 &'";
  const join = 'sudo usermod -aG docker "$USER" && newgrp docker';
  const is = (name: string): boolean => distribution.includes(name);
  if (platform === "darwin") return "brew install colima docker && colima start --cpu 4 --memory 8 (or start Docker Desktop)";
  if (is("debian") || is("ubuntu")) {
    const packages = is("ubuntu") ? "docker.io iptables" : "docker.io docker-cli iptables";
    return `sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages} && ${begin} && ${join} (Debian 12 and Ubuntu: without docker-cli)`;
  }
  if (is("fedora") || is("rhel")) return `sudo dnf install -y moby-engine && ${begin} && ${join}`;
  if (is("arch")) return `sudo pacman -S --noconfirm docker && ${begin} && ${join}`;
  if (is("alpine")) return "sudo apk add docker && sudo rc-update add docker && sudo service docker start";
  if (is("suse") || is("opensuse")) return `sudo zypper install -y docker && ${begin} && ${join}`;
  return `Install Docker Engine with your system's packages, then: ${begin} && ${join}`;
}

async function install({ notice, progress, env, signal }: EnsureEngineOptions, run: Run): Promise<void> {
  notice("There is no Docker engine here. Installing the distribution's packages (apt-get install docker.io).");
  await progress.step("Docker packages", async (step) => {
    const apt = async (program: string, ...args: string[]): Promise<string> => {
      const options = {
        env: { ...env, DEBIAN_FRONTEND: "noninteractive", LC_ALL: "C" },
        onLine: step.update,
        ...(signal && { signal }),
      };
      const { code, stdout, stderr } = await run(program, args, options);
      if (code !== 0) throw aptFailed([program, ...args].join(" "), `${stdout}\n${stderr}`);
      return stdout;
    };
    const lock = ["-o", "DPkg::Lock::Timeout=300"];
    await apt("apt-get", ...lock, "update");
    // Debian 13 has the command in a package of its own, only recommended by docker.io; older releases have no such package.
    const policy = await apt("apt-cache", "policy", "docker-cli");
    const cli = /Candidate: (?!\(none\))\S/.test(policy) ? ["docker-cli"] : [];
    await apt("apt-get", ...lock, "install", "-y", "--no-install-recommends", "docker.io", ...cli, "iptables");
  });
}

function aptFailed(command: string, output: string): CliError {
  const tail = output.trim().split("\n").slice(-shownLines).join("\n  ");
  return cannotGoOn(
    `Docker could not be installed. The last lines:\n  ${tail}`,
    [
      {
        path: "docker",
        got: `"${command}" failed`,
        rule: "the distribution's docker.io",
        fix: `Repair what the lines above name (sudo dpkg --configure -a, sudo apt-get -f install), then: ${command}`,
      },
    ],
    "no-engine",
  );
}

async function start(options: EnsureEngineOptions, host: SetupHost, run: Run): Promise<Engine> {
  const { notice, progress, env } = options;
  if (!host.systemd) return startByHand(options, host);
  notice("The Docker engine is not running. Starting it: systemctl start docker");
  return progress.step("Docker engine", async () => {
    const { code, stderr } = await run("systemctl", ["start", "docker"], { env, timeoutMs: host.startTimeoutMs });
    const engine = code === 0 ? await untilAnswer(options, host, () => null) : null;
    if (engine !== null) return engine;
    throw notStarted(
      code === 0 ? "no answer from the started service" : stderr.trim(),
      "journalctl -u docker --no-pager -n 50; systemctl restart docker",
    );
  });
}

/** No init: the engine gets a session of its own, outlives us, and is started again by the next `up` after a reboot. */
async function startByHand(options: EnsureEngineOptions, host: SetupHost): Promise<Engine> {
  const log = join(options.paths.data, "dockerd.log");
  options.notice(`The Docker engine is not running and there is no systemd. Starting dockerd by hand; its log: ${log}`);
  await Promise.all(host.pidFiles.map(removeStalePid));
  return options.progress.step("Docker engine", async () => {
    const daemon = spawnDaemon(host.dockerdArgs, log, options.env);
    const engine = await untilAnswer(options, host, daemon.ended);
    if (engine !== null) return engine;
    const tail = (await readFile(log, "utf8").catch(() => "")).trim().split("\n").slice(-shownLines).join("\n  ");
    throw notStarted(
      `${daemon.ended() ?? `no answer within ${host.startTimeoutMs / 1000} s`}; the last lines of ${log}:\n  ${tail}\n `,
      `dockerd ${host.dockerdArgs.join(" ")}`.trim(),
    );
  });
}

function spawnDaemon(args: readonly string[], log: string, env: NodeJS.ProcessEnv): { ended: () => string | null } {
  mkdirSync(join(log, ".."), { recursive: true, mode: 0o700 });
  const output = openSync(log, "a", 0o600);
  try {
    const { DOCKER_HOST: _, ...rest } = env;
    const child = spawn("dockerd", args, { detached: true, stdio: ["ignore", output, output], env: rest, cwd: "/" });
    let end: string | null = null;
    child.once("exit", (code, signal) => (end = `dockerd ended with ${signal ?? code ?? "an error"}`));
    child.once("error", (error) => (end = error.message));
    child.unref();
    return { ended: () => end };
  } finally {
    closeSync(output);
  }
}

/**
 * null when the time is up, or when the daemon ended and none answers: of two first runs at once one daemon gives way.
 */
async function untilAnswer(options: EnsureEngineOptions, host: SetupHost, ended: () => string | null): Promise<Engine | null> {
  const deadline = performance.now() + host.startTimeoutMs;
  while (performance.now() < deadline) {
    const gone = ended() !== null;
    const search = await findEngine(options);
    if (search.kind === "found") return search.engine;
    if (search.kind === "refused") throw search.error;
    if (gone && !(await anotherDaemon(host))) return null;
    await wait(pollMs, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  return null;
}

async function anotherDaemon({ pidFiles }: SetupHost): Promise<boolean> {
  const [file] = pidFiles;
  return file !== undefined && (await daemonOf(file)) === "alive";
}

/** After a power cut the file may name a process that is something else now; dockerd would refuse to start. */
async function removeStalePid(file: string): Promise<void> {
  if ((await daemonOf(file)) === "stale") await rm(file, { force: true });
}

async function daemonOf(file: string): Promise<"alive" | "stale" | "none"> {
  const pid = await readFile(file, "utf8").catch(() => null);
  if (pid === null) return "none";
  const name = await readFile(`/proc/${pid.trim()}/comm`, "utf8").catch(() => "");
  return /^(dockerd|containerd|docker-containe)/.test(name) ? "alive" : "stale";
}

function notStarted(got: string, fix: string): CliError {
  return cannotGoOn(
    "The Docker engine could not be started",
    [{ path: "dockerd", got, rule: "an engine that answers", fix }],
    "no-engine",
  );
}

async function isOnPath(run: Run, env: NodeJS.ProcessEnv, program: string): Promise<boolean> {
  return (await run(program, ["--version"], { env, timeoutMs: 10_000 })).code !== 127;
}
