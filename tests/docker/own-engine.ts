import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { dockerAt, lines } from "../../cli/containers.ts";
import { eventually } from "../../infra/core/eventually.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";

/** A Docker engine in a network namespace of its own: what is killed here, its images and its firewall rules are nobody else's. */
export interface OwnEngine {
  readonly folder: string;
  /** For DOCKER_HOST. */
  readonly host: string;
  /** Command line behind which programs reach the ports it publishes. */
  readonly within: readonly string[];
  readonly docker: Docker;
  /** Starts it, on the data of the last start, and waits until it answers. */
  start(): Promise<void>;
  /** SIGKILL to it and to everything in its containers, then what a machine has left that was off. Resolves to the number of processes. */
  cutPower(): Promise<number>;
  /** Stops it and removes all it kept. */
  remove(): Promise<void>;
}

export interface OwnEngineOptions {
  /** Whether its containers, and programs behind `within`, reach the world outside. @default false */
  readonly online?: boolean;
  /** Command line that the engine runs behind, such as a program that shows it another machine. @default none */
  readonly behind?: readonly string[];
}

/** Makes the engine's folder and network; starts nothing. Needs root. */
export async function newEngine({ online = false, behind = [] }: OwnEngineOptions = {}): Promise<OwnEngine> {
  const folder = mkdtempSync(join(tmpdir(), "fidus-engine-"));
  const namespace = `fidus-${process.pid}`;
  const within = ["nsenter", `--net=/run/netns/${namespace}`];
  const host = `unix://${folder}/docker.sock`;
  const docker = dockerAt(host, process.env);
  await execa("ip", ["netns", "add", namespace]);
  await execa("ip", ["-n", namespace, "link", "set", "lo", "up"]);
  const unplug = online ? await plugIn(namespace) : async () => undefined;

  /** The engine itself, its containerd and shims by their arguments, and everything in its containers. */
  async function processes(): Promise<number[]> {
    const ids = lines(await docker(["ps", "--quiet", "--no-trunc"]).catch(() => ""));
    const mine = (pid: string): boolean =>
      textOf(`/proc/${pid}/cmdline`).includes(folder) || ids.some((id) => textOf(`/proc/${pid}/cgroup`).includes(id));
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && mine(name))
      .map(Number);
  }

  async function cutPower(): Promise<number> {
    const victims = await processes();
    kill(victims, "SIGKILL");
    await eventually("nothing of it lives", () => victims.every((pid) => textOf(`/proc/${pid}/cmdline`) === ""));
    await dropMounts(folder);
    rmSync(join(folder, "docker.pid"), { force: true });
    rmSync(join(folder, "exec"), { recursive: true, force: true });
    return victims.length;
  }

  return {
    folder,
    host,
    within,
    docker,
    cutPower,
    async start() {
      startEngine(folder, host, [...within, ...behind]);
      await eventually("the engine answers", () => docker(["version", "--format", "{{.Server.Version}}"]));
    },
    async remove() {
      kill(await processes(), "SIGTERM");
      await eventually("the engine is gone", async () => (await processes()).length === 0).catch(() => null);
      await cutPower();
      await unplug();
      await execa("ip", ["netns", "delete", namespace], { reject: false });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function startEngine(folder: string, host: string, behind: readonly string[]): void {
  mkdirSync(join(folder, "data"), { recursive: true });
  const log = openSync(join(folder, "dockerd.log"), "a");
  const places = { "data-root": "data", "exec-root": "exec", pidfile: "docker.pid" };
  const roots = Object.entries(places).flatMap(([option, name]) => [`--${option}`, join(folder, name)]);
  const [command = "", ...args] = [...behind, "dockerd", "--host", host, ...roots];
  spawn(command, args, { detached: true, stdio: ["ignore", log, log] }).unref();
}

/** A cable from the namespace to this machine, which forwards what comes through it. Returns how to take it away. */
async function plugIn(namespace: string): Promise<() => Promise<void>> {
  const cable = `fid${process.pid}`;
  const subnet = `10.231.${process.pid % 256}`;
  await execa("ip", ["link", "add", cable, "type", "veth", "peer", "name", "eth0", "netns", namespace]);
  await execa("ip", ["address", "add", `${subnet}.1/30`, "dev", cable]);
  await execa("ip", ["link", "set", cable, "up"]);
  await execa("ip", ["-n", namespace, "address", "add", `${subnet}.2/30`, "dev", "eth0"]);
  await execa("ip", ["-n", namespace, "link", "set", "eth0", "up"]);
  await execa("ip", ["-n", namespace, "route", "add", "default", "via", `${subnet}.1`]);
  const rules = [
    ["nat", "POSTROUTING", "-s", `${subnet}.0/30`, "-j", "MASQUERADE"],
    ["filter", "FORWARD", "-i", cable, "-j", "ACCEPT"],
    ["filter", "FORWARD", "-o", cable, "-j", "ACCEPT"],
  ];
  const rule = (action: "-I" | "-D", [table = "", ...spec]: readonly string[]): Promise<unknown> =>
    execa("iptables", ["-w", "-t", table, action, ...spec], { reject: action === "-I" });
  for (const spec of rules) await rule("-I", spec);
  return async () => {
    for (const spec of rules) await rule("-D", spec);
  };
}

/** A machine that was off has no mounts; what was written to disk stays. */
async function dropMounts(folder: string): Promise<void> {
  const mounts = textOf("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  const ours = mounts.filter((path) => path.startsWith(`${folder}/`)).toSorted((a, b) => b.length - a.length);
  for (const path of ours) await execa("umount", ["--lazy", path], { reject: false });
}

function kill(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It ended with another one.
    }
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // The process has ended meanwhile.
  }
}
