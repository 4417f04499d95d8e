import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startCli, type Ended, type Running } from "../../cli/testing.ts";
import { complete } from "../../infra/config/testing.ts";
import { keys } from "../../infra/config/keys.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { killEngine } from "../tools/kill-engine.ts";
import { folderVariable, openCloud } from "../simulator/plugin.ts";
import { SimulatedHetznerApi } from "../simulator/testing/hetzner-api.ts";
import { simulatedHome } from "./simulated-home.ts";

/** `./fidus up` of a starter stack on the real engine; Hetzner and Cloudflare are simulated, as plugins of the user's own engine. */
const home = mkdtempSync(join(tmpdir(), "fidus-up-clouds-"));
const clouds = join(home, "clouds");
const hcloud = openCloud("hcloud", clouds);
const checkout = join(import.meta.dirname, "../..");
let api: SimulatedHetznerApi;

const env = (): Record<string, string> => ({ [folderVariable]: clouds, HCLOUD_ENDPOINT: api.endpoint });
const start = (...args: string[]): Running => startCli(home, args, env());
const fidus = (...args: string[]): Promise<Ended> => start(...args).ended;
const inventory = (): string[] => hcloud.store.all().map(({ type }) => type.split(":").at(-1) ?? "");

beforeAll(async () => {
  api = await SimulatedHetznerApi.start(hcloud);
  await simulatedHome(home, ["hcloud", "cloudflare"]);
  await configured("shop");
}, 300_000);

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  if (process.env["KEEP"] === undefined) rmSync(home, { recursive: true, force: true });
});

/** A complete starter stack, by the commands that Fidus names. */
async function configured(stack: string): Promise<void> {
  const made = await fidus("init", "starter", "--name", stack, "--json");
  if (made.code !== 0) throw new Error(made.stderr);
  const exported = JSON.parse((await fidus("env", stack, "--json")).stdout) as Record<string, string>;
  // The simulated Cloudflare knows what a token looks like.
  for (const [key, value] of Object.entries({ ...complete.starter, cloudflareToken: "c".repeat(40) })) {
    if (["edition", "installation"].includes(key)) continue;
    const secret = "secret" in keys[key as keyof typeof keys] ? ["--secret"] : [];
    const options = { cwd: checkout, env: { ...exported, HOME: home }, extendEnv: false, input: value } as const;
    await execa("pulumi", ["config", "set", ...secret, key, "--stack", stack], options);
  }
}

test("without a yes nothing is bought, and what would be is said", async () => {
  const { code, stderr } = await fidus("up", "shop");
  expect(code, stderr).toBe(2);
  expect(stderr).toContain("--yes");
  expect(inventory()).toEqual([]);
}, 120_000);

test("a cloud that refuses ends the up with the resource and the command that goes on, and that command converges", async () => {
  const refusal = { type: "hcloud:index/storageBox", message: "no capacity for storage boxes", times: 1 };
  hcloud.faults.faults = { refusals: [refusal] };
  const failed = await fidus("up", "shop", "--yes", "--json");
  expect(failed.code, failed.stderr).toBe(1);
  const { error } = JSON.parse(failed.stdout) as { error: { code: string; message: string; problems: object[]; fix: string } };
  expect(error).toMatchObject({
    code: "engine-failed",
    message: expect.stringContaining("no capacity for storage boxes"),
    problems: [{ path: "backup-box", fix: "./fidus up shop" }],
    fix: "What was made is kept in the state. After the repair: ./fidus up shop",
  });
  const again = await fidus("up", "shop", "--yes", "--json");
  expect(again.code, again.stderr).toBe(0);
  const { stacks } = JSON.parse(again.stdout) as { stacks: object[] };
  expect(stacks).toMatchObject([{ stack: "shop", edition: "starter", url: "https://assistant.fidus.test" }]);
  expect(
    inventory()
      .filter((type) => ["Server", "StorageBox", "Volume"].includes(type))
      .sort(),
  ).toEqual(["Server", "StorageBox", "Volume"]);
}, 240_000);

test("a second up changes nothing and asks nothing", async () => {
  const { code, stdout, stderr } = await fidus("up", "shop", "--json");
  expect(code, stderr).toBe(0);
  const { stacks } = JSON.parse(stdout) as { stacks: { changes: object }[] };
  expect(Object.keys(stacks[0]?.changes ?? {})).toEqual(["same"]);
}, 120_000);

test("preview STACK shows what it costs: every line with its price, sum and date", async () => {
  const { code, stdout, stderr } = await fidus("preview", "shop", "--json");
  expect(code, stderr).toBe(0);
  const card = JSON.parse(stdout) as { complete: boolean; resources: { type: string; after: string | null }[] };
  expect(card.complete).toBe(true);
  const server = card.resources.find(({ type }) => type === "hcloud:index/server:Server");
  expect(Number(server?.after)).toBeGreaterThan(0);
}, 120_000);

test("uninstall refuses while servers stand that only the state knows", async () => {
  const { code, stderr } = await fidus("uninstall", "--yes");
  expect(code, stderr).toBe(3);
  expect(stderr).toContain('eval "$(./fidus env shop)" && pulumi destroy');
}, 60_000);

test("an engine that is killed in the middle: the same command converges, and nothing is bought twice", async () => {
  await configured("other");
  hcloud.faults.faults = { latency: 300 };
  const before = inventory().length;
  const interrupted = start("up", "other", "--yes", "--json");
  await eventually("something is bought", () => Promise.resolve(inventory().length > before + 1), 60_000);
  killEngine(home);
  const { code, stdout } = await interrupted.ended;
  expect([code, (JSON.parse(stdout) as { error: { code: string } }).error.code]).toEqual([1, "engine-killed"]);
  hcloud.faults.faults = {};
  const again = await fidus("up", "other", "--yes", "--json");
  expect(again.code, again.stderr).toBe(0);
  expect(inventory()).toHaveLength(2 * before);
}, 240_000);
