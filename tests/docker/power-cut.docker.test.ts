import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dockerAt, lines, stackContainers } from "../../cli/containers.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { TestEngine } from "../../infra/images/testing.ts";
import { newProduct, type Product, type UpJson } from "./product.ts";

// An engine of its own, in a network namespace of its own: what is killed here, and its firewall rules, are nobody else's.
const folder = mkdtempSync(join(tmpdir(), "fidus-power-"));
const namespace = `fidus-power-${process.pid}`;
const within = ["nsenter", `--net=/run/netns/${namespace}`];
const host = `unix://${folder}/docker.sock`;
const docker = dockerAt(host, process.env);
let product: Product;
let admin: NonNullable<UpJson["admin"]>;

function startEngine(): void {
  mkdirSync(join(folder, "data"), { recursive: true });
  const log = openSync(join(folder, "dockerd.log"), "a");
  const roots = [
    "--data-root",
    join(folder, "data"),
    "--exec-root",
    join(folder, "exec"),
    "--pidfile",
    join(folder, "docker.pid"),
  ];
  const [command = "", ...args] = [...within, "dockerd", "--host", host, ...roots];
  spawn(command, args, { detached: true, stdio: ["ignore", log, log] }).unref();
}

const answers = (): Promise<string> =>
  eventually("the engine answers", () => docker(["version", "--format", "{{.Server.Version}}"]));

/** Processes of this engine: itself, its containerd and shims by their arguments, and everything in its containers. */
async function engineProcesses(): Promise<number[]> {
  const ids = lines(await docker(["ps", "--quiet", "--no-trunc"]).catch(() => ""));
  const mine = (pid: string): boolean =>
    textOf(`/proc/${pid}/cmdline`).includes(folder) || ids.some((id) => textOf(`/proc/${pid}/cgroup`).includes(id));
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid && mine(name))
    .map(Number);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // The process has ended meanwhile.
  }
}

/** A machine that was off has no mounts and no run folder left; what was written to disk stays. */
async function afterPowerCut(): Promise<void> {
  const mounts = textOf("/proc/self/mounts")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "");
  const ours = mounts.filter((path) => path.startsWith(`${folder}/`)).toSorted((a, b) => b.length - a.length);
  for (const path of ours) await execa("umount", ["--lazy", path], { reject: false });
  rmSync(join(folder, "docker.pid"), { force: true });
  rmSync(join(folder, "exec"), { recursive: true, force: true });
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

beforeAll(async () => {
  await execa("ip", ["netns", "add", namespace]);
  await execa("nsenter", [...within.slice(1), "ip", "link", "set", "lo", "up"]);
  startEngine();
  await answers();
  // The images are built once on the machine's engine; this one gets copies.
  const images = Object.values(await new TestEngine().images("base", "app", "llm", "postgres", "redis", "proxy"));
  await execa("sh", ["-c", `docker save "$@" | docker --host "${host}" load --quiet`, "sh", ...images], { stdin: "ignore" });
  product = await newProduct({ settings: { DOCKER_HOST: host }, within });
  const first = await product.up();
  if (first.admin === null) throw new Error("the first up made no administrator");
  admin = first.admin;
}, 900_000);

afterAll(async () => {
  await product.remove().catch(() => null); // What an engine that never came back holds goes with its folder.
  kill(await engineProcesses(), "SIGTERM");
  await eventually("the engine is gone", async () => (await engineProcesses()).length === 0).catch(() => null);
  kill(await engineProcesses(), "SIGKILL");
  await execa("ip", ["netns", "delete", namespace], { reject: false });
  await afterPowerCut();
  rmSync(folder, { recursive: true, force: true });
}, 180_000);

async function sql(query: string): Promise<string> {
  const database = (await stackContainers(docker, await product.id(), "community")).find(({ role }) => role === "postgres");
  return docker(["exec", database?.id ?? "", "psql", "-U", "postgres", "-d", "fidus", "-Atc", query]);
}

test("durability is on in the database: fsync, full_page_writes, synchronous_commit", async () => {
  for (const setting of ["fsync", "full_page_writes", "synchronous_commit"])
    expect((await sql(`show ${setting}`)).trim(), setting).toBe("on");
});

test("after SIGKILL of engine and containers every acknowledged row is there, and all is healthy within 60 s without an up", async () => {
  const client = [...within.slice(1), process.execPath, join(import.meta.dirname, "ledger-client.ts")];
  const written = await execa("nsenter", client, { input: JSON.stringify({ url: product.url, ...admin, count: 25 }) });
  const acknowledged = JSON.parse(written.stdout) as string[];
  expect(acknowledged).toHaveLength(25);

  const victims = await engineProcesses();
  expect(victims.length).toBeGreaterThan(10);
  kill(victims, "SIGKILL");
  await eventually("nothing of it lives", () => victims.every((pid) => textOf(`/proc/${pid}/cmdline`) === ""));
  await afterPowerCut();

  startEngine();
  const start = performance.now();
  await answers();
  await eventually(
    "all containers are healthy again",
    async () => {
      const seen = await stackContainers(docker, await product.id(), "community");
      return seen.length === 7 && seen.every(({ health }) => health === "healthy");
    },
    60_000,
  );
  console.log(`all healthy ${((performance.now() - start) / 1000).toFixed(1)} s after the engine's start`);
  const rows = lines(await sql("select id from conversations"));
  expect(acknowledged.filter((id) => !rows.includes(id))).toEqual([]);
}, 240_000);
