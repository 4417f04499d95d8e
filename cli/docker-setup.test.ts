import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureEngine, setupCommands, type EnsureEngineOptions, type SetupHost } from "./docker-setup.ts";
import { resolvePaths } from "./paths.ts";
import { createProgress } from "./progress.ts";
import type { Run, RunResult } from "./run.ts";

const debianRoot: SetupHost = {
  root: true,
  distribution: ["debian"],
  systemd: true,
  dockerdArgs: [],
  pidFiles: [],
  startTimeoutMs: 2_000,
};
const version = JSON.stringify({ Server: { Version: "26.1.5", ApiVersion: "1.45", Os: "linux" } });
const info = JSON.stringify({
  Name: "vm",
  OperatingSystem: "Debian",
  OSType: "linux",
  Architecture: "x86_64",
  KernelVersion: "6",
  NCPU: 2,
  MemTotal: 8e9,
  DockerRootDir: "/var/lib/docker",
  SystemTime: "2026-11-21T10:00:00Z",
  MemoryLimit: true,
  SwapLimit: true,
  IPv4Forwarding: true,
});

let home = "";
beforeEach(async () => void (home = await mkdtemp(join(tmpdir(), "fidus-setup-"))));
afterEach(() => rm(home, { recursive: true, force: true }));

/** A machine on which apt installs programs and systemctl starts the engine; `calls` are the commands that change it. */
function machine(start: {
  readonly programs: readonly string[];
  readonly running?: boolean;
  readonly dockerCliPackage?: boolean;
  readonly breaks?: string;
}) {
  const calls: string[] = [];
  const programs = new Set(start.programs);
  let running = start.running ?? false;
  const result = (stdout = "", code = 0, stderr = ""): RunResult => ({ code, stdout, stderr });
  const run: Run = async (command, args, options) => {
    const line = [command, ...args].join(" ");
    if (command === "dockerd" || command === "docker") {
      if (!programs.has(command)) return result("", 127);
      if (args[0] === "--version") return result(`${command} 26`);
      if (args[0] === "context") return result(JSON.stringify({ Name: "default", Endpoints: { docker: {} }, TLSMaterial: {} }));
      if (!running) return result("", 1, "Cannot connect to the Docker daemon");
      return result(args[0] === "version" ? version : info);
    }
    calls.push(line);
    if (start.breaks !== undefined && line.includes(start.breaks))
      return result("", 100, "E: Unable to locate package docker.io");
    if (line.includes("apt-cache"))
      return result(start.dockerCliPackage === true ? "docker-cli:\n  Candidate: 26.1.5" : "docker-cli:\n  Candidate: (none)");
    if (line.includes("install")) for (const program of ["dockerd", "docker"]) programs.add(program);
    if (line === "systemctl start docker") running = true;
    if (options?.env?.["DEBIAN_FRONTEND"] !== "noninteractive" && command === "apt-get") return result("", 1, "would have asked");
    return result();
  };
  return { calls, run, exists: () => programs.has("dockerd") };
}

async function ensure(given: ReturnType<typeof machine>, host: Partial<SetupHost> = {}, more: Partial<EnsureEngineOptions> = {}) {
  const told: string[] = [];
  const stream = { write: () => true };
  const engine = await ensureEngine({
    env: { HOME: home },
    run: given.run,
    exists: given.exists,
    platform: "linux",
    paths: resolvePaths({ HOME: home }, home),
    progress: createProgress({ stream, tty: false }),
    notice: (text) => told.push(text),
    host: { ...debianRoot, ...host },
    ...more,
  });
  return { engine, told };
}

test("an engine that runs is used as it is: nothing is said, installed or started", async () => {
  const given = machine({ programs: ["docker", "dockerd"], running: true });
  expect(await ensure(given)).toMatchObject({ engine: { version: "26.1.5" }, told: [] });
  expect(given.calls).toEqual([]);
});

test("root on Debian 13 without Docker: announced, installed with docker-cli, started by systemd", async () => {
  const given = machine({ programs: [], dockerCliPackage: true });
  const { told } = await ensure(given);
  expect(told).toEqual([
    expect.stringContaining("Installing the distribution's packages"),
    expect.stringContaining("systemctl start docker"),
  ]);
  expect(given.calls).toEqual([
    "apt-get -o DPkg::Lock::Timeout=300 update",
    "apt-cache policy docker-cli",
    "apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends docker.io docker-cli iptables",
    "systemctl start docker",
  ]);
});

test("a host that cannot run the product is refused before anything is installed; one that only lacks a running engine is not asked", async () => {
  const unfit = { beforeInstall: () => Promise.reject(new Error("too small")) };
  const bare = machine({ programs: [] });
  await expect(ensure(bare, {}, unfit)).rejects.toThrow("too small");
  expect(bare.calls).toEqual([]);
  const stopped = machine({ programs: ["docker", "dockerd"] });
  await ensure(stopped, {}, unfit);
  expect(stopped.calls).toEqual(["systemctl start docker"]);
});

test("where docker.io brings the command, docker-cli is not asked for", async () => {
  const given = machine({ programs: [] });
  await ensure(given, { distribution: ["ubuntu", "debian"] });
  expect(given.calls[2]).toBe("apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends docker.io iptables");
});

test("an engine that is installed but stopped is only started", async () => {
  const given = machine({ programs: ["docker", "dockerd"] });
  await ensure(given, { distribution: ["fedora"] });
  expect(given.calls).toEqual(["systemctl start docker"]);
});

test("an install that fails shows apt's last lines and the command, and starts nothing", async () => {
  const given = machine({ programs: [], breaks: "install" });
  await expect(ensure(given)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining("E: Unable to locate package docker.io"),
    problems: [{ path: "docker", fix: expect.stringContaining("apt-get -o DPkg::Lock::Timeout=300 install") }],
  });
  expect(given.calls).not.toContain("systemctl start docker");
});

test("a service that does not start shows what systemd said", async () => {
  const given = machine({ programs: ["docker", "dockerd"], breaks: "systemctl" });
  await expect(ensure(given)).rejects.toMatchObject({
    exitCode: 1,
    problems: [
      { path: "dockerd", got: "E: Unable to locate package docker.io", fix: expect.stringContaining("journalctl -u docker") },
    ],
  });
});

test.each([
  ["not root", { root: false }, {}, "sudo apt-get install -y --no-install-recommends docker.io"],
  ["another distribution", { distribution: ["fedora"] }, {}, "sudo dnf install -y moby-engine"],
  ["macOS", {}, { platform: "darwin" as const }, "brew install colima docker"],
])("%s: nothing is changed, and the commands are named", async (_name, host, more, fix) => {
  const given = machine({ programs: [] });
  await expect(ensure(given, host, more)).rejects.toMatchObject({
    exitCode: 1,
    code: "no-engine",
    problems: [{ path: "docker", fix: expect.stringContaining(fix) }],
  });
  expect(given.calls).toEqual([]);
});

test("without systemd the named start is one that works without it", () => {
  expect(setupCommands("linux", { distribution: ["debian"], systemd: false })).toContain("setsid dockerd");
  expect(setupCommands("linux", { distribution: ["debian"], systemd: true })).toContain("systemctl enable --now docker");
});
