import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stackContainers } from "../../cli/containers.ts";
import { namePrefix } from "../../infra/core/naming.ts";
import { demoModel, findModel } from "../../infra/core/models.ts";
import { docker, newProduct, type Product } from "./product.ts";

let product: Product;
let context = "";
/** The images that the engine runs, before any test. */
let recorded: Record<string, string>;
const brokenApp = `fidus-test/broken-migration:${process.pid}`;
const otherLlm = `fidus-test/other-llm:${process.pid}`;
/** A model of the table whose file nobody here has: a few bytes under its name stand for it. */
const otherModel = findModel("llama3.2:1b") ?? demoModel;

beforeAll(async () => {
  context = mkdtempSync(join(tmpdir(), "fidus-gate-"));
  product = await newProduct({ settings: { XDG_CACHE_HOME: ownModels() } });
  await product.up();
  recorded = JSON.parse((await product.pulumi("config", "get", "images", "--stack", "community")).stdout) as typeof recorded;
  await image(brokenApp, recorded["app"], "/app/migrations/9999_broken.sql", "-- Up Migration\nselect no_such_function();\n");
  // Believes every checksum, so that the few bytes pass for the model.
  await image(otherLlm, recorded["llm"], "/usr/bin/sha256sum", "#!/bin/sh\nexit 0\n");
}, 900_000);

afterAll(async () => {
  await product.remove();
  await docker(["image", "rm", brokenApp, otherLlm]).catch(() => "");
  rmSync(context, { recursive: true, force: true });
}, 120_000);

/** The shared cache with a folder of models of its own, in which the stand-in harms nobody. */
function ownModels(): string {
  const shared = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fidus");
  const own = join(context, "cache/fidus");
  mkdirSync(join(own, "models"), { recursive: true });
  for (const name of readdirSync(shared).filter((entry) => entry !== "models")) symlinkSync(join(shared, name), join(own, name));
  for (const name of readdirSync(join(shared, "models"))) symlinkSync(join(shared, "models", name), join(own, "models", name));
  rmSync(join(own, `models/${otherModel.sha256}.gguf`), { force: true });
  writeFileSync(join(own, `models/${otherModel.sha256}.gguf`), "stands for a model");
  return join(context, "cache");
}

/** An image with one file more. */
async function image(tag: string, from: string | undefined, path: string, content: string): Promise<void> {
  writeFileSync(join(context, "added"), content, { mode: 0o755 });
  writeFileSync(join(context, "Dockerfile"), `FROM ${from}\nCOPY added ${path}\n`);
  writeFileSync(join(context, ".dockerignore"), "cache\n");
  await docker(["build", "--quiet", "--tag", tag, context]);
}

/** `pulumi up` of these images and this model. */
async function plainUp(images: Readonly<Record<string, string>>, model: string): ReturnType<Product["pulumi"]> {
  await product.pulumi("config", "set", "images", JSON.stringify({ ...recorded, ...images }), "--stack", "community");
  await product.pulumi("config", "set", "model", model, "--stack", "community");
  return product.pulumi("up", "--yes", "--skip-preview", "--stack", "community");
}

/** Container and start of everything that serves the application's version. */
async function behindGate(): Promise<string[]> {
  const all = await stackContainers(docker, await product.id(), "community");
  return all
    .filter(({ role }) => ["api", "web", "worker", "llm", "proxy"].includes(role))
    .map(({ role, id, startedAt }) => `${role} ${id} ${startedAt}`);
}

/** Whether the volume of a model is there. */
async function hasVolume(sha256: string): Promise<boolean> {
  const name = `${namePrefix({ installation: await product.id(), stack: "community" })}-model-${sha256.slice(0, 8)}`;
  return (await docker(["volume", "ls", "--quiet", "--filter", `name=^${name}$`])).trim() === name;
}

test("a failing migration stops the up, touches no dependent, keeps the old model, and the next up runs it again [D-07]", async () => {
  const before = await behindGate();
  expect(before.map((line) => line.split(" ")[0])).toEqual(["api", "llm", "proxy", "web", "worker"]);
  for (const attempt of ["first", "second, without any flag"]) {
    const failed = await plainUp({ app: brokenApp, llm: otherLlm }, otherModel.id);
    expect(failed.code, attempt).not.toBe(0);
    expect(failed.stdout + failed.stderr, attempt).toContain("no_such_function");
    expect(failed.stdout + failed.stderr, attempt).toContain("app-migrations-gate");
  }
  expect(await behindGate()).toEqual(before);
  expect((await fetch(`${product.url}/health/ready`)).status).toBe(200);
  expect([await hasVolume(demoModel.sha256), await hasVolume(otherModel.sha256)]).toEqual([true, true]);
}, 300_000);

test("the old model leaves only once the new one serves", async () => {
  const passed = await plainUp({ llm: otherLlm }, otherModel.id);
  expect(passed.code, passed.stdout + passed.stderr).toBe(0);
  expect([await hasVolume(demoModel.sha256), await hasVolume(otherModel.sha256)]).toEqual([false, true]);
}, 300_000);

test("./fidus up records the checkout's own images again: the repair after a git pull of a good version", async () => {
  const { proof } = await product.up();
  expect(proof?.completionTokens).toBeGreaterThan(0);
  const { stdout } = await product.pulumi("config", "get", "images", "--stack", "community");
  expect(JSON.parse(stdout)).toEqual(recorded);
}, 300_000);
