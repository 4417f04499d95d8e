import { cannotGoOn, type CliError } from "./errors.ts";
import type { EngineSource } from "./docker.ts";

/** Oldest engine that is shown to work. */
export const oldestEngine = "20.10";

/** The engine's usual place. */
export const usualSocket = "/var/run/docker.sock";

/** An engine's address and how it was found. */
interface Found {
  readonly host: string;
  readonly source: EngineSource;
}

/** What an engine says of itself. */
interface Server {
  readonly Version: string;
  readonly Os: string;
  readonly Components?: readonly { readonly Name: string; readonly Version: string }[] | undefined;
}

/** An engine that was named on purpose and does not answer. */
export function silentEngine({ host, source }: Found, reason: string): CliError {
  const recorded = source === "recorded";
  const fix = recorded
    ? `Start that engine; if the address is wrong: pulumi config set dockerHost unix://${usualSocket}`
    : source === "DOCKER_HOST"
      ? "unset DOCKER_HOST (to use this machine's engine), or start that engine."
      : "docker context use default";
  const subject = recorded
    ? "The Docker engine this stack lives on does not answer"
    : "The Docker engine you chose does not answer";
  const path = recorded ? "dockerHost" : source;
  const rule = "an engine that answers `docker version`";
  return cannotGoOn(subject, [{ path, got: `${host} (${reason})`, rule, fix }], "no-engine");
}

/** Over plain TCP an engine is root for its whole network, and ports on its loopback are out of reach: it is not even asked. */
export function openEngineRefusal({ host, source }: Found): CliError | null {
  if (!isRemote(host) || host.startsWith("ssh://")) return null;
  const machine = host.replace(/^tcp:\/\//, "").replace(/:\d+$/, "");
  const problem = {
    path: source,
    got: host,
    rule: "a socket of this machine, or SSH to another",
    fix: `export DOCKER_HOST=ssh://root@${machine}`,
  };
  return cannotGoOn("An engine of another machine is used over SSH only", [problem], "engine-refused");
}

/** A context of the docker command that leads to no engine we can use. */
export function unusableContext(got: string, rule: string, env: NodeJS.ProcessEnv): CliError {
  const fix = env["DOCKER_CONTEXT"] === undefined ? "docker context use default" : "unset DOCKER_CONTEXT";
  return cannotGoOn("The current Docker context cannot be used", [{ path: "docker context", got, rule, fix }], "no-engine");
}

/** An engine that answers and cannot run the product; null for one that can. */
export function engineRefusal(host: string, server: Server): CliError | null {
  const podman = server.Components?.find(({ Name }) => /podman/i.test(Name));
  if (podman !== undefined) return podmanRefusal(host, `Podman ${podman.Version}`);
  const refuse = (got: string, rule: string, fix: string): CliError =>
    cannotGoOn("This Docker engine cannot run Fidus", [{ path: host, got, rule, fix }], "engine-refused");
  if (server.Os !== "linux")
    return refuse(
      `an engine for ${server.Os} containers`,
      "an engine for Linux containers",
      "Docker Desktop: Switch to Linux containers.",
    );
  if (isOlder(server.Version, oldestEngine)) {
    return refuse(
      `Docker ${server.Version}`,
      `Docker ${oldestEngine} or newer`,
      "On Debian or Ubuntu: sudo apt-get install -y docker.io (a release that has it), or Docker's own packages.",
    );
  }
  return null;
}

/** Podman, wherever it answers in Docker's name. */
export function podmanRefusal(path: string, got: string): CliError {
  return cannotGoOn(
    "Podman is not supported: its Docker API differs in builds, health checks and restarts",
    [
      {
        path,
        got,
        rule: `Docker Engine ${oldestEngine} or newer`,
        fix: "Install Docker Engine, or: export DOCKER_HOST=unix:///var/run/docker.sock",
      },
    ],
    "engine-refused",
  );
}

/** True when the engine is reached over a network. */
export function isRemote(host: string): boolean {
  if (host.startsWith("ssh://")) return true;
  const tcp = /^tcp:\/\/(\[[^\]]*\]|[^:/]+)/.exec(host)?.[1];
  return tcp !== undefined && !/^(localhost|127\.[\d.]+|\[::1\])$/.test(tcp);
}

/** Compares the first two numbers of versions such as `20.10.24+dfsg1`. An unreadable version counts as new: it answers, after all. */
export function isOlder(version: string, than: string): boolean {
  const [major, minor] = numbers(version);
  const [thanMajor, thanMinor] = numbers(than);
  return major < thanMajor || (major === thanMajor && minor < thanMinor);
}

function numbers(version: string): [number, number] {
  const found = /^v?(\d+)\.(\d+)/.exec(version);
  return found === null ? [Infinity, Infinity] : [Number(found[1]), Number(found[2])];
}
