import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test } from "vitest";
import { previewOf } from "../cost/testing.ts";

/** `cost/` as others get it: packed, installed from the tarball alone, run on the preview of a project that is not ours. */
const folder = mkdtempSync(join(tmpdir(), "fidus-card-package-"));
const user = join(folder, "user");
const root = join(import.meta.dirname, "..");
// The npm of this machine, with no registry that it could reach.
const env = { npm_config_offline: "true", npm_config_cache: join(folder, "cache"), npm_config_update_notifier: "false" };

beforeAll(async () => {
  const { stdout } = await execa(process.execPath, [join(root, "cost/package/pack.ts"), folder], { env });
  mkdirSync(user);
  writeFileSync(join(user, "package.json"), '{"name":"user","version":"1.0.0"}');
  await execa("npm", ["install", "--ignore-scripts", "--no-audit", "--no-fund", stdout.trim()], { cwd: user, env });
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const foreign = previewOf([
  { type: "pulumi:pulumi:Stack", name: "shop-dev" },
  { type: "hcloud:index/volume:Volume", name: "disk", inputs: { size: 100, location: "nbg1" } },
  { type: "digitalocean:index/droplet:Droplet", name: "web", inputs: { size: "s-1vcpu-1gb" } },
]);

async function fidusCard(...args: string[]): Promise<{ code: number | undefined; stdout: string; stderr: string }> {
  const options = { cwd: user, input: foreign, reject: false } as const;
  const { exitCode, stdout, stderr } = await execa(process.execPath, ["node_modules/fidus-card/fidus-card.js", ...args], options);
  return { code: exitCode, stdout, stderr };
}

test("the packed card prices what it knows of a foreign project and lists what it does not, by name", async () => {
  const { code, stdout, stderr } = await fidusCard("-", "--json", "--today", "2026-11-21");
  expect(code, stderr).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "fidus.card/1",
    totals: [{ currency: "EUR", after: "5.72", unpricedCount: 1 }],
    unpriced: [{ type: "digitalocean:index/droplet:Droplet", reason: expect.stringContaining("no price") }],
  });
  expect((await fidusCard("-", "--today", "2026-11-21")).stdout).toContain("Without a price (1)");
}, 60_000);

test("a limit that nobody can say is kept ends with 3, wrong input with 2, as in ./fidus preview", async () => {
  expect(await fidusCard("-", "--budget", "100EUR", "--today", "2026-11-21")).toMatchObject({ code: 3 });
  expect(await fidusCard("-", "--budget", "100EUR", "--allow-unpriced", "1", "--today", "2026-11-21")).toMatchObject({ code: 0 });
  expect(await fidusCard("-", "--budget", "lots")).toMatchObject({ code: 2, stderr: expect.stringContaining("--budget 200EUR") });
  expect(await fidusCard("nowhere.json")).toMatchObject({ code: 2 });
  expect(await fidusCard("-", "--bugdet", "1EUR")).toMatchObject({ code: 2 });
  expect(await fidusCard()).toMatchObject({ code: 2 });
  expect(await fidusCard("-", "--budget", "1EUR", "--budget", "9EUR")).toMatchObject({ code: 2 });
  expect(await fidusCard("-", "--rate", "USD/EUR=1", "--rate", "USD/EUR=2")).toMatchObject({ code: 2 });
  expect(await fidusCard("-", "--rate", "USD/EUR=1", "--rate", "EUR/USD=1")).toMatchObject({ code: 0 });
}, 60_000);

test("the package holds one program, the schema and the licences, and depends on nothing", () => {
  const at = join(user, "node_modules/fidus-card");
  const manifest = JSON.parse(readFileSync(join(at, "package.json"), "utf8")) as Record<string, unknown>;
  expect(manifest).toMatchObject({ name: "fidus-card", bin: { "fidus-card": "fidus-card.js" }, license: "Apache-2.0" });
  expect(Object.keys(manifest).filter((key) => /dependencies|scripts/i.test(key))).toEqual([]);
  expect(readFileSync(join(at, "fidus.card-1.schema.json"), "utf8")).toContain('"fidus.card/1"');
  for (const name of ["big.js", "yaml", "zod"]) expect(readFileSync(join(at, "THIRD-PARTY.txt"), "utf8")).toContain(`${name}\n`);
});
