import { readFileSync } from "node:fs";
import { join } from "node:path";
import getPort from "get-port";
import { afterAll, beforeAll, expect, test } from "vitest";
import { imageRef } from "../../infra/images/tags.ts";
import { startRegistry, type Registry } from "../tools/registry.ts";
import { changedCheckout, type ChangedCheckout } from "./changed-checkout.ts";
import { checkout, docker, newProduct, type Product, type UpJson } from "./product.ts";

/** A release in which one image is new: no other test's engine holds it. */
let release: ChangedCheckout;
let registry: Registry;
let product: Product;
let redis = "";

beforeAll(async () => {
  const entrypoint = "infra/images/redis/entrypoint";
  release = changedCheckout({
    [entrypoint]: `${readFileSync(join(checkout, entrypoint), "utf8")}\n# of release ${process.pid}\n`,
  });
  redis = imageRef("redis", { root: release.root });
  registry = await startRegistry(await getPort());
  product = await newProduct({ root: release.root });
});

afterAll(async () => {
  await product.remove();
  await registry.close();
  await docker(["rmi", "--force", redis]);
  release.remove();
}, 120_000);

const identities = async (): Promise<string[]> => (await product.containers()).map(({ id, startedAt }) => `${id} ${startedAt}`);

test("what a release published is pulled by the first up and runs", async () => {
  const published = await product.fidus("images", "publish", "redis", "--registry", registry.host);
  expect(published.code, published.stderr).toBe(0);
  const built = (await docker(["image", "inspect", "--format", "{{.Id}}", redis])).trim();
  await docker(["rmi", redis]);
  const ports = ["--port", String(product.pagePort), "--api-port", String(product.apiPort)];
  const up = await product.fidus("up", "community", "--registry", registry.host, "--model", "smollm2:135m", ...ports);
  expect(up.code, up.stderr).toBe(0);
  expect(up.stderr).toMatch(/redis: pulled/);
  const [running] = await product.containers("redis");
  expect(running).toMatchObject({ image: redis, health: "healthy" });
  expect((await docker(["inspect", "--format", "{{.Image}}", running?.id ?? ""])).trim()).toBe(built);
}, 900_000);

test("with the registry cut a second up, and a preview after a refresh, change nothing", async () => {
  await registry.close();
  const before = await identities();
  const again = await product.fidus("up", "community", "--json");
  expect(again.code, again.stderr).toBe(0);
  expect(Object.keys((JSON.parse(again.stdout) as UpJson).changes)).toEqual(["same"]);
  const unchanged = ["--stack", "community", "--expect-no-changes"];
  expect(await product.pulumi("refresh", "--yes", "--skip-preview", ...unchanged)).toMatchObject({ code: 0 });
  expect(await product.pulumi("preview", ...unchanged)).toMatchObject({ code: 0 });
  expect(await identities()).toEqual(before);
}, 300_000);
