import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stackContainers } from "../../cli/containers.ts";
import { docker, newProduct, type Product } from "./product.ts";

let product: Product;
let context = "";
const brokenImage = `fidus-test/broken-migration:${process.pid}`;

beforeAll(async () => {
  product = await newProduct();
  await product.up();
  context = mkdtempSync(join(tmpdir(), "fidus-broken-"));
}, 900_000);

afterAll(async () => {
  await product.remove();
  await docker(["image", "rm", brokenImage]).catch(() => "");
  rmSync(context, { recursive: true, force: true });
}, 120_000);

/** The recorded image references. */
async function images(): Promise<Record<string, string>> {
  const { stdout } = await product.pulumi("config", "get", "images", "--stack", "community");
  return JSON.parse(stdout) as Record<string, string>;
}

test("a failing migration stops the up, touches no dependent, the old version serves on, and the next up runs it again", async () => {
  const recorded = await images();
  writeFileSync(join(context, "9999_broken.sql"), "-- Up Migration\nselect no_such_function();\n");
  writeFileSync(join(context, "Dockerfile"), `FROM ${recorded["app"]}\nCOPY 9999_broken.sql /app/migrations/9999_broken.sql\n`);
  await docker(["build", "--quiet", "--tag", brokenImage, context]);
  const before = await stackContainers(docker, await product.id(), "community");

  await product.pulumi(
    "config",
    "set",
    "images",
    JSON.stringify({ ...recorded, app: brokenImage, llm: recorded["llm"] }),
    "--stack",
    "community",
  );
  for (const attempt of ["first", "second, without any flag"]) {
    const failed = await product.pulumi("up", "--yes", "--skip-preview", "--stack", "community");
    expect(failed.code, attempt).not.toBe(0);
    expect(failed.stdout + failed.stderr, attempt).toContain("no_such_function");
    expect(failed.stdout + failed.stderr, attempt).toContain("app-migrations-gate");
  }
  const after = await stackContainers(docker, await product.id(), "community");
  const behindGate = (all: typeof before): string[] =>
    all.filter(({ role }) => ["api", "worker"].includes(role)).map(({ id, startedAt }) => `${id} ${startedAt}`);
  expect(behindGate(after)).toEqual(behindGate(before));
  expect((await fetch(`${product.url}/health/ready`)).status).toBe(200);

  // ./fidus up records the checkout's own images again: the repair after a `git pull` of a good version.
  const { proof } = await product.up();
  expect(proof?.completionTokens).toBeGreaterThan(0);
  expect((await images())["app"]).toBe(recorded["app"]);
}, 300_000);
