import { randomBytes } from "node:crypto";
import { request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../core/eventually.ts";
import { fillDocument, TestEngine } from "../images/testing.ts";
import { memoryLimits } from "./memory.ts";
import { nginxConf } from "./nginx.ts";

const engine = new TestEngine();
const network = `fidus-test-${randomBytes(6).toString("hex")}`;
const crowd = 1_500;
let images = { base: "", proxy: "", app: "" };
const made: string[] = [];

beforeAll(async () => {
  images = await engine.images("base", "proxy", "app");
  await engine.docker(["network", "create", "--label", "fidus.test=images", network]);
  await run("--network-alias", "api", "--entrypoint", "node", images.app, "-e", holdAll);
});
afterAll(async () => {
  if (made.length > 0) await engine.docker(["rm", "--force", ...made]);
  await engine.close();
  await engine.docker(["network", "rm", network]);
});

/** An API that answers nobody before the whole crowd waits, or ten seconds have passed without another one. */
const holdAll = `const held = []; let timer;
const answer = () => { for (const res of held.splice(0)) res.end("ok"); };
require("node:http").createServer((req, res) => {
  if (req.url === "/health") return res.end();
  held.push(res); clearTimeout(timer);
  if (held.length === ${crowd}) answer(); else timer = setTimeout(answer, 10_000);
}).listen(8000, undefined, 4096);`;

async function run(...args: string[]): Promise<string> {
  const id = (await engine.docker(["run", "--detach", "--init", "--network", network, ...args])).trim();
  made.push(id);
  return id;
}

/** The shipped proxy with this configuration and its own memory; its origin. */
async function startProxy(conf: string): Promise<{ readonly id: string; readonly origin: string }> {
  const files = await engine.volume();
  await engine.fill(images.base, files, fillDocument("proxy", { "nginx.conf": conf }));
  const limits = ["--memory", `${memoryLimits.proxy}m`, "--memory-swap", `${memoryLimits.proxy}m`, "--read-only"];
  const mounts = ["--tmpfs", "/tmp:mode=1777", "--volume", `${files}:/run/fidus:ro`, "--publish", "127.0.0.1::8081"];
  const id = await run(...limits, ...mounts, images.proxy);
  const origin = `http://${(await engine.docker(["port", id, "8081/tcp"])).trim()}`;
  await eventually("the proxy leads to the API", async () =>
    (await fetch(`${origin}/health`).catch(() => null))?.ok ? true : null,
  );
  return { id, origin };
}

/** How the requests of a crowd that comes at once ended, counted. */
async function ask(origin: string): Promise<Readonly<Record<string, number>>> {
  const one = (): Promise<string> =>
    new Promise((resolve) => {
      const req = request(`${origin}/v1/models`, { agent: false }, (res) => {
        res.resume().on("end", () => resolve(String(res.statusCode)));
      });
      req.on("error", () => resolve("cut off"));
      req.end();
    });
  const counts: Record<string, number> = {};
  for (const how of await Promise.all(Array.from({ length: crowd }, one))) counts[how] = (counts[how] ?? 0) + 1;
  return counts;
}

test("1,500 requests wait at once behind the proxy, within its memory, and each gets its answer", async () => {
  const { id, origin } = await startProxy(nginxConf({ domain: null }));
  expect(await ask(origin)).toEqual({ 200: crowd });
  expect(await engine.logs(id)).not.toContain("worker_connections are not enough");
  expect((await engine.docker(["inspect", "--format", "{{.State.OOMKilled}}", id])).trim()).toBe("false");
}, 120_000);

test("with 1,024 connections a worker some of them are cut off, and the proxy's log says why", async () => {
  const few = nginxConf({ domain: null }).replace("worker_connections 4096", "worker_connections 1024");
  const { id, origin } = await startProxy(few);
  expect((await ask(origin))["cut off"]).toBeGreaterThan(0);
  expect(await engine.logs(id)).toContain("1024 worker_connections are not enough");
}, 120_000);
