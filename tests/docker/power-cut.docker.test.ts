import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { dockerAt, stackContainers } from "../../cli/containers.ts";
import { eventually, newProduct, type Product, type UpJson } from "./product.ts";

/** An engine of its own: what the test kills is nobody else's. */
const folder = mkdtempSync(join(tmpdir(), "fidus-power-"));
const host = `unix://${folder}/docker.sock`;
const docker = dockerAt(host, process.env);
let product: Product;
let admin: NonNullable<UpJson["admin"]>;

function startEngine(): void {
  mkdirSync(join(folder, "data"), { recursive: true });
  const log = openSync(join(folder, "dockerd.log"), "a");
  const roots = ["--data-root", join(folder, "data"), "--exec-root", join(folder, "exec"), "--pidfile", join(folder, "docker.pid")];
  // No bridge of its own: two engines on one host must not share docker0. Networks of stacks get addresses nobody else uses.
  const network = ["--bridge", "none", "--default-address-pool", "base=10.213.0.0/16,size=24"];
  const child = spawn("dockerd", ["--host", host, ...roots, ...network], { detached: true, stdio: ["ignore", log, log] });
  child.unref();
}

const answers = (): Promise<string> => eventually("the engine answers", () => docker(["version", "--format", "{{.Server.Version}}"]));

/** Processes that belong to this engine: itself, its containerd and shims by their arguments, and everything in its containers. */
async function engineProcesses(): Promise<number[]> {
  const ids = (await docker(["ps", "--quiet", "--no-trunc"])).split("\n").filter((id) => id !== "");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      const read = (file: string): string => {
        try {
          return readFileSync(`/proc/${pid}/${file}`, "utf8");
        } catch {
          return "";
        }
      };
      const own = read("cmdline").includes(folder);
      return Number(pid) !== process.pid && (own || ids.some((id) => read("cgroup").includes(id)));
    })
    .map(Number);
}

beforeAll(async () => {
  startEngine();
  await answers();
  // The images are built once on the machine's engine; this one gets copies.
  const images = (await execa("docker", ["image", "ls", "--filter", "label=fidus.image", "--format", "{{.Repository}}:{{.Tag}}"])).stdout.split("\n");
  await execa("sh", ["-c", `docker save "$@" | docker --host "${host}" load --quiet`, "sh", ...images], { stdin: "ignore" });
  product = await newProduct({ DOCKER_HOST: host });
  const first = await product.up();
  if (first.admin === null) throw new Error("the first up made no administrator");
  admin = first.admin;
}, 900_000);

afterAll(async () => {
  await product.remove();
  for (const pid of await engineProcesses().catch(() => [])) process.kill(pid, "SIGTERM");
  await eventually("the engine is gone", async () => ((await engineProcesses().catch(() => [])).length === 0 ? true : null)).catch(() => null);
  rmSync(folder, { recursive: true, force: true });
}, 180_000);

async function sql(query: string): Promise<string> {
  const database = (await stackContainers(docker, await product.id(), "community")).find(({ role }) => role === "postgres");
  return docker(["exec", database?.id ?? "", "psql", "-U", "postgres", "-d", "fidus", "-Atc", query]);
}

test("durability is on in the database: fsync, full_page_writes, synchronous_commit", async () => {
  for (const setting of ["fsync", "full_page_writes", "synchronous_commit"]) expect((await sql(`show ${setting}`)).trim(), setting).toBe("on");
});

test("after SIGKILL of engine and containers every acknowledged message is there, and all is healthy within 60 s without an up", async () => {
  const page = { "content-type": "application/json", "x-fidus-csrf": "1", origin: product.url };
  const login = await fetch(`${product.url}/api/v1/auth/login`, { method: "POST", headers: page, body: JSON.stringify({ email: admin.email, password: admin.password }) });
  const cookie = login.headers.getSetCookie().map((text) => text.split(";")[0]).join("; ");
  const acknowledged: string[] = [];
  for (let index = 0; index < 25; index += 1) {
    const stop = new AbortController();
    const response = await fetch(`${product.url}/api/v1/chat`, {
      method: "POST",
      headers: { ...page, cookie },
      body: JSON.stringify({ content: `ledger entry ${index}` }),
      signal: stop.signal,
    });
    const reader = response.body?.getReader();
    const chunk = Buffer.from((await reader?.read())?.value ?? []).toString();
    const id = /"conversationId":"([^"]+)"/.exec(chunk)?.[1];
    if (id !== undefined) acknowledged.push(id);
    stop.abort();
  }
  expect(acknowledged).toHaveLength(25);

  const victims = await engineProcesses();
  expect(victims.length).toBeGreaterThan(10);
  for (const pid of victims) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It died with its parent.
    }
  }
  startEngine();
  const start = performance.now();
  await answers();
  const healthy = await eventually(
    "all containers are healthy again",
    async () => {
      const seen = await stackContainers(docker, await product.id(), "community");
      return seen.length === 7 && seen.every(({ health }) => health === "healthy") ? performance.now() - start : null;
    },
    60_000,
  );
  console.log(`all healthy ${(healthy / 1000).toFixed(1)} s after the engine's start`);
  const rows = (await sql("select id from conversations")).split("\n");
  expect(acknowledged.filter((id) => !rows.includes(id))).toEqual([]);
}, 240_000);
