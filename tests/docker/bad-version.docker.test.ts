import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { namePrefix } from "../../infra/core/naming.ts";
import { demoModel, findModel } from "../../infra/core/models.ts";
import { imageRef } from "../../infra/images/tags.ts";
import { changedCheckout, type ChangedCheckout } from "./changed-checkout.ts";
import { checkout, docker, failureOf, newProduct, type Ended, type Product } from "./product.ts";

let product: Product;
let context = "";
/** The images that the engine runs, before any test. */
let recorded: Record<string, string>;
const brokenApp = `fidus-test/broken-migration:${process.pid}`;
const otherLlm = `fidus-test/other-llm:${process.pid}`;
/** A model of the table whose file nobody here has: a few bytes under its name stand for it. */
const otherModel = findModel("llama3.2:1b") ?? demoModel;

/** Other versions of the product, and the images that only they have. */
const versions: ChangedCheckout[] = [];
const versionImages: string[] = [];

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
  await docker(["image", "rm", brokenApp, otherLlm, ...versionImages]).catch(() => "");
  for (const version of versions) version.remove();
  rmSync(context, { recursive: true, force: true });
}, 120_000);

/** The shared cache with a folder of models of its own, in which the stand-in harms nobody. */
function ownModels(): string {
  const shared = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fidus");
  const own = join(context, "cache/fidus");
  mkdirSync(join(own, "models"), { recursive: true });
  // Of a lock that is held now a link would stay, and hold for ever.
  const folders = readdirSync(shared).filter((name) => name !== "models" && !name.endsWith(".lock"));
  for (const name of folders) symlinkSync(join(shared, name), join(own, name));
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
  const all = await product.containers();
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

/** A version of the product with other files, and images that are given the tags of its content: they need no build. */
async function version(files: Readonly<Record<string, string>>, images: Readonly<Record<string, string>>): Promise<string> {
  const made = changedCheckout(files);
  versions.push(made);
  for (const [name, from] of Object.entries(images)) {
    const ref = imageRef(name as Parameters<typeof imageRef>[0], { root: made.root });
    versionImages.push(ref);
    await docker(["tag", from, ref]);
  }
  return made.root;
}

const up = (root: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> =>
  product.elsewhere({ root, env }, "up", "community", "--json");

/** The commands that were named, one after the other. */
async function repair(...commands: readonly string[]): Promise<void> {
  for (const command of commands) {
    const { code, stderr } = await product.paste(command);
    expect(code, `${command}: ${stderr}`).toBe(0);
  }
}

test("the up of a version whose migration fails names the gate, shows why, and the good version's up repairs it", async () => {
  const broken = { "app/migrations/9999_broken.sql": "-- Up Migration\nselect no_such_function();\n" };
  const root = await version(broken, { app: brokenApp, llm: recorded["llm"] ?? "" });
  const before = await behindGate();
  const ended = await up(root);
  expect(ended.code, ended.stderr).toBe(1);
  const { code, message, problems } = failureOf(ended);
  expect(code).toBe("engine-failed");
  expect(message).toContain("no_such_function");
  expect(problems).toEqual([
    {
      path: "app-migrations-gate",
      got: expect.stringMatching(/^a failed /) as string,
      rule: "to succeed before anything behind it is touched",
      fix: "./fidus up",
    },
  ]);
  expect(await behindGate()).toEqual(before);
  await repair("./fidus up");
}, 300_000);

test("a container that never gets healthy fails the up with its last log lines, and is not forgotten by a plain preview", async () => {
  const broken = `fidus-test/never-healthy:${process.pid}`;
  versionImages.push(broken);
  const entrypoint = `["/bin/sh", "-c", "echo this proxy is broken on purpose >&2; sleep 600"]`;
  await docker(["build", "--quiet", "--tag", broken, "-"], {
    input: `FROM ${recorded["proxy"]}\nENTRYPOINT ${entrypoint}\n`,
  });
  const root = await version({ "infra/images/proxy/entrypoint": "#!/bin/sh\nexit 1\n" }, { proxy: broken });
  const ended = await up(root);
  expect(ended.code, ended.stderr).toBe(1);
  const { message, problems } = failureOf(ended);
  const name = `${namePrefix({ installation: await product.id(), stack: "community" })}-proxy`;
  expect(message).toMatch(new RegExp(`${name} is \\w+; its last lines:\\s+this proxy is broken on purpose`));
  const fix = "./fidus logs community proxy";
  expect(problems).toContainEqual({ path: name, got: expect.any(String) as string, rule: "to be healthy", fix });
  expect((await product.paste(fix)).stdout).toContain("this proxy is broken on purpose");
  expect((await product.pulumi("preview", "--stack", "community", "--expect-no-changes")).code).not.toBe(0);
  await repair("./fidus up");
}, 400_000);

test("without registry, Debian mirror or npm registry each is named, nothing that runs is touched, and what was built stays", async () => {
  const nobody = "http://127.0.0.1:1";
  const entrypoint = readFileSync(join(checkout, "infra/images/redis/entrypoint"), "utf8");
  const root = await version(
    { "infra/images/redis/entrypoint": `${entrypoint}\n# another version\n`, "app/llm/version": "another" },
    {},
  );
  const [redis, llm] = [imageRef("redis", { root }), imageRef("llm", { root })];
  versionImages.push(llm, redis);
  const published = { redis: { tag: redis.split(":")[1], digest: `sha256:${"ab".repeat(32)}` } };
  versions.at(-1)?.write({ "infra/images/digests.json": JSON.stringify(published) });
  expect((await product.elsewhere({ root }, "choose", "--registry", "127.0.0.1:1/nobody")).code).toBe(0);
  const before = await behindGate();

  const noMirror = await up(root, { FIDUS_DEBIAN_MIRROR: `${nobody}/debian` });
  expect(noMirror.code, noMirror.stderr).toBe(1);
  expect(noMirror.stderr).toMatch(/redis: not pulled: .*connection refused.*; building it/);
  expect(noMirror.stderr).toContain("llm: not pulled: this release published no such image; building it");
  const resume = "then the same command again: what is built stays";
  expect(failureOf(noMirror).problems).toEqual([
    {
      path: "images.redis",
      got: expect.stringMatching(/^docker build .*failed/) as string,
      rule: "the packages of your Debian mirror",
      fix: `apt-get update; ${resume}`,
    },
  ]);
  expect(failureOf(noMirror).message).toContain("127.0.0.1");
  await repair("apt-get update");

  const npm = { npm_config_registry: `${nobody}/`, npm_config_fetch_retries: "0", npm_config_cache: join(context, "npm") };
  const noNpm = await up(root, npm);
  expect(noNpm.code, noNpm.stderr).toBe(1);
  expect(failureOf(noNpm).problems).toEqual([
    {
      path: "images.llm",
      got: expect.stringMatching(/^npm install .*failed/) as string,
      rule: "the packages of your npm registry",
      fix: `npm ping; ${resume}`,
    },
  ]);
  const built = await docker(["image", "inspect", "--format", "{{.Id}}", redis]);
  expect(await behindGate()).toEqual(before);
  await repair("npm ping");

  const again = await up(root);
  expect(again.code, again.stderr).toBe(0);
  expect(await docker(["image", "inspect", "--format", "{{.Id}}", redis])).toBe(built);
  const running = await product.containers();
  expect(running.filter(({ image }) => [redis, llm].includes(image)).map(({ role, health }) => `${role} ${health}`)).toEqual([
    "llm healthy",
    "redis healthy",
  ]);
}, 900_000);
