import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lines } from "../../cli/containers.ts";
import { newEngine, type OwnEngine } from "./own-engine.ts";
import { failureOf, newProduct, type Product } from "./product.ts";

// A small machine: Docker's data on a small file system, and a /proc/meminfo that engine and launcher both read.
let engine: OwnEngine;
let product: Product;

const meminfo = join(tmpdir(), `fidus-meminfo-${process.pid}`);
const behind = ["unshare", "--mount", "sh", "-c", `mount --bind ${meminfo} /proc/meminfo && exec "$@"`, "sh"];

beforeAll(async () => {
  writeMemory(6, 1);
  engine = await newEngine({ behind });
  mkdirSync(join(engine.folder, "data"));
  await mount("size=300m");
  await engine.start();
  product = await newProduct({ settings: { DOCKER_HOST: engine.host }, within: [...engine.within, ...behind] });
}, 120_000);

afterAll(async () => {
  await product.remove();
  await engine.remove();
  rmSync(meminfo);
}, 120_000);

const mount = (options: string) => execa("mount", ["-t", "tmpfs", "-o", options, "tmpfs", join(engine.folder, "data")]);

/** In GiB. The file stays the same one, so mounts of it see the change. */
function writeMemory(total: number, available: number): void {
  const line = (name: string, gib: number): string => `${name}:${String(gib * 1024 * 1024).padStart(16)} kB`;
  const real = readFileSync("/proc/meminfo", "utf8");
  const changed = real
    .replace(/^MemTotal:.*$/m, line("MemTotal", total))
    .replace(/^MemAvailable:.*$/m, line("MemAvailable", available))
    .replace(/^MemFree:.*$/m, line("MemFree", available));
  writeFileSync(meminfo, changed);
}

test("a machine with too little memory and disk, and a model larger than it, are refused at once before anything is done", async () => {
  const ended = await product.fidus("up", "community", "--model", "llama3.1:8b", "--json");
  expect(ended.code, ended.stderr).toBe(1);
  expect(failureOf(ended).problems).toEqual([
    {
      path: "memory",
      got: "1 GB free of 6 GB",
      rule: "4 GB free",
      fix: "Stop other programs (ps -eo rss,comm --sort -rss | head), or give the machine more memory.",
    },
    {
      path: "model",
      got: "llama3.1:8b",
      rule: "7 GB of memory, and the machine has 6.4 GB",
      fix: "./fidus choose --model auto",
    },
    {
      path: join(engine.folder, "data"),
      got: "0.3 GB free",
      rule: "15 GB free",
      fix: "docker image prune; or give the machine a larger disk.",
    },
  ]);
  expect(lines(await engine.docker(["ps", "--all", "--quiet"]))).toEqual([]);
  expect(lines(await engine.docker(["image", "ls", "--quiet"]))).toEqual([]);
  const id = await product.id();
  expect(existsSync(join(product.data, "fidus/installations", id, "Pulumi.community.yaml"))).toBe(false);
}, 120_000);

test("what the messages name is enough: the same machine with more memory and disk, and a model picked for it, is fit", async () => {
  expect((await execa("sh", ["-c", "ps -eo rss,comm --sort -rss | head"])).exitCode).toBe(0);
  expect(await engine.docker(["image", "prune", "--force"])).toContain("0B");
  await mount("remount,size=16g");
  writeMemory(6, 5);
  expect((await product.fidus("choose", "--model", "auto")).code).toBe(0);
  const { stdout } = await product.fidus("doctor", "--json");
  const { checks } = JSON.parse(stdout) as { checks: { id: string; status: string }[] };
  const judged = checks.filter(({ id }) => ["memory", "model", "disk-docker"].includes(id));
  expect(judged.map(({ id, status }) => [id, status === "fail"])).toEqual([
    ["memory", false],
    ["model", false],
    ["disk-docker", false],
  ]);
}, 120_000);
