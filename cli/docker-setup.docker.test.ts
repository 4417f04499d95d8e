import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureEngine, type SetupHost } from "./docker-setup.ts";
import { resolvePaths } from "./paths.ts";
import { createProgress } from "./progress.ts";
import { run } from "./run.ts";

// A real dockerd of our own: own data root, socket, run folder and bridge, so that the machine's engine is not touched.
let home = "";
let socket = "";
let host: SetupHost;
// `--bridge none` would delete docker0 of the machine's engine; a bridge of our own touches nobody's.
const bridge = `fdt${process.pid}`;

beforeEach(async () => {
  await run("ip", ["link", "add", "name", bridge, "type", "bridge"]);
  await run("ip", ["addr", "add", "10.214.0.1/24", "dev", bridge]);
  home = await mkdtemp(join(tmpdir(), "fidus-dockerd-"));
  socket = join(home, "docker.sock");
  const pidFile = join(home, "docker.pid");
  const containerdPid = join(home, "run", "containerd", "containerd.pid");
  const args = [
    "--data-root",
    join(home, "data-root"),
    "--exec-root",
    join(home, "run"),
    "--host",
    `unix://${socket}`,
    "--pidfile",
    pidFile,
  ];
  host = {
    root: true,
    distribution: ["debian"],
    systemd: false,
    dockerdArgs: [...args, "--bridge", bridge, "--iptables=false", "--ip6tables=false"],
    pidFiles: [pidFile, containerdPid],
    startTimeoutMs: 60_000,
  };
});

afterEach(async () => {
  await stop("SIGTERM");
  await run("ip", ["link", "delete", bridge]);
  // A killed engine leaves its data root mounted on itself.
  await run("umount", ["--recursive", join(home, "data-root")]);
  await rm(home, { recursive: true, force: true });
});

const possible = process.getuid?.() === 0 && hasDockerd();

test.skipIf(!possible)(
  "an engine is started by hand, outlives its starter, and after a power cut is started again",
  async () => {
    const first = await ensure();
    expect(first.told).toEqual([expect.stringContaining("Starting dockerd by hand")]);
    expect(first.engine).toMatchObject({ host: `unix://${socket}`, source: "default socket" });
    const pid = await daemonPid();
    // A session of its own: field 6 of proc(5) stat is the session's id.
    expect(sessionOf(pid)).toBe(pid);

    const second = await ensure();
    expect(second.told).toEqual([]);
    expect(await daemonPid()).toBe(pid);

    await stop("SIGKILL");
    // The process ids of a killed engine are somebody else's after a reboot: ours, here.
    for (const file of host.pidFiles) await writeFile(file, String(process.pid));
    const third = await ensure();
    expect(third.engine.host).toBe(`unix://${socket}`);
    expect(await daemonPid()).not.toBe(pid);
  },
  180_000,
);

test.skipIf(!possible)(
  "two at once end with one engine",
  async () => {
    const both = await Promise.all([ensure(), ensure()]);
    expect(both.map(({ engine }) => engine.info.DockerRootDir)).toEqual([join(home, "data-root"), join(home, "data-root")]);
  },
  180_000,
);

test.skipIf(!possible)(
  "an engine that cannot start gives its log's last lines",
  async () => {
    host = { ...host, dockerdArgs: [...host.dockerdArgs, "--storage-driver", "no-such-driver"] };
    await expect(ensure()).rejects.toMatchObject({
      exitCode: 1,
      problems: [{ path: "dockerd", got: expect.stringContaining("no-such-driver") }],
    });
  },
  120_000,
);

async function ensure() {
  const told: string[] = [];
  const engine = await ensureEngine({
    env: { PATH: process.env["PATH"], HOME: home },
    defaultSocket: socket,
    paths: resolvePaths({ HOME: home }, home),
    progress: createProgress({ stream: { write: () => true }, tty: false }),
    notice: (text) => told.push(text),
    host,
  });
  return { engine, told };
}

async function daemonPid(): Promise<number> {
  return Number(await readFile(join(home, "docker.pid"), "utf8"));
}

function sessionOf(pid: number): number {
  return Number(execFileSync("ps", ["-o", "sid=", "-p", String(pid)], { encoding: "utf8" }));
}

/** Ends the engine of this test, and its containerd, by their own ids; waits until both are gone. */
async function stop(signal: NodeJS.Signals): Promise<void> {
  for (const file of host.pidFiles) {
    const pid = Number(await readFile(file, "utf8").catch(() => "0"));
    if (pid <= 0 || pid === process.pid || !isAlive(pid)) continue;
    process.kill(pid, signal);
    for (const deadline = performance.now() + 20_000; isAlive(pid) && performance.now() < deadline;) await wait(50);
  }
  await mkdir(join(home, "run", "containerd"), { recursive: true });
}

/** A zombie whose parent has not looked yet is gone too. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(
      execFileSync("cat", [`/proc/${pid}/status`], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }),
    );
  } catch {
    return false;
  }
}

function hasDockerd(): boolean {
  return ["/usr/sbin/dockerd", "/usr/bin/dockerd", "/usr/local/bin/dockerd"].some((file) => existsSync(file));
}
