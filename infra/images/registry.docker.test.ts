import { appendFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startRegistry, type Registry } from "../../tests/tools/registry.ts";
import { ensureImages, type EnsuredImage, type ImageEvent } from "./build.ts";
import type { Docker } from "./docker-cli.ts";
import { digestsFile, publishImages, type Digests } from "./registry.ts";
import { contentTag } from "./tags.ts";
import { checkout, TestEngine } from "./testing.ts";

const engine = new TestEngine();
const { docker } = engine;
let registry: Registry;
/** A copy of the sources in which one small image differs: what happens to it touches no image of the checkout. */
let root = "";
let tag = "";
let events: ImageEvent[] = [];

beforeAll(async () => {
  await engine.images("base");
  root = mkdtempSync(join(tmpdir(), "fidus-registry-root-"));
  mkdirSync(join(root, "infra"));
  cpSync(join(checkout, "infra/images"), join(root, "infra/images"), { recursive: true });
  cpSync(join(checkout, "package-lock.json"), join(root, "package-lock.json"));
  rmSync(join(root, digestsFile), { force: true });
  appendFileSync(join(root, "infra/images/acme/dehydrated.conf"), `# ${root}\n`);
  tag = contentTag("acme", { root });
  registry = await startRegistry(await getPort());
});

afterAll(async () => {
  await registry.close();
  await docker(["rmi", `fidus/acme:${tag}`]).catch(() => "");
  rmSync(root, { recursive: true, force: true });
});

async function ensure(through: Docker = docker): Promise<EnsuredImage | undefined> {
  events = [];
  const from = { source: "registry", registry: `${registry.host}/team` } as const;
  const folders = { root, cache: join(root, "cache") };
  const log = (event: ImageEvent): void => void events.push(event);
  return (await ensureImages({ docker: through, names: ["acme"], ...from, ...folders, log }))[0];
}

/** Stops where a build would begin: only that it comes to one is looked at. */
const withoutBuilding: Docker = (args, call) =>
  args[0] === "build" ? Promise.reject(new Error("a build begins")) : docker(args, call);

const publish = (): Promise<Digests> => publishImages({ docker, root, registry: `${registry.host}/team`, tags: { acme: tag } });
const record = (digest: string): void => writeFileSync(join(root, digestsFile), JSON.stringify({ acme: { tag, digest } }));
const notes = (): string => events.flatMap((event) => (event.kind === "note" ? event.text : [])).join("\n");

/** Every name under which the engine holds the image. */
async function names(): Promise<string[]> {
  const inspected = JSON.parse(await docker(["image", "inspect", `fidus/acme:${tag}`])) as {
    RepoTags: string[];
    RepoDigests: string[];
  }[];
  return inspected.flatMap(({ RepoTags, RepoDigests }) => [...RepoTags, ...RepoDigests]);
}

test("a digest that the registry does not hold is refused with its answer, and the image is built", async () => {
  record(`sha256:${"0".repeat(64)}`);
  expect((await ensure())?.how).toBe("built");
  expect(notes()).toMatch(/not pulled: .*(unknown|not found).*; building it/);
  expect(await names()).toEqual([`fidus/acme:${tag}`]);
}, 600_000);

test("what is published is recorded with the registry's digest, and pulled by it where the engine lacks it", async () => {
  const { acme } = await publish();
  expect(acme).toEqual({ tag, digest: await registry.digest("team/fidus/acme", tag) });
  expect(JSON.parse(readFileSync(join(root, digestsFile), "utf8"))).toEqual({ acme });
  expect(await names()).toEqual([`fidus/acme:${tag}`]);
  await docker(["rmi", `fidus/acme:${tag}`]);
  expect((await ensure(withoutBuilding))?.how).toBe("pulled");
  // One name only: `./fidus images --prune` and `uninstall` find it by that.
  expect(await names()).toEqual([`fidus/acme:${tag}`]);
});

test("a digest that holds other content is refused, never gets our name, and the image is built", async () => {
  const { base } = await engine.images("base");
  const remote = `${registry.host}/team/fidus/acme:other`;
  await docker(["tag", base, remote]);
  await docker(["push", remote]);
  await docker(["rmi", remote, `fidus/acme:${tag}`]);
  record((await registry.digest("team/fidus/acme", "other")) ?? "");
  await expect(ensure(withoutBuilding)).rejects.toMatchObject({ problems: [{ got: "a build begins" }] });
  expect(notes()).toMatch(/not pulled: images\.acme: got content [0-9a-f]{12}; needs [0-9a-f]{12}.*building it/);
  await expect(names()).rejects.toThrow("No such image");
});

test("a registry that is gone is named and the image built; what is there already needs no registry", async () => {
  record((await registry.digest("team/fidus/acme", tag)) ?? "");
  expect((await ensure(withoutBuilding))?.how).toBe("pulled");
  await registry.close();
  expect((await ensure(withoutBuilding))?.how).toBe("present");
  expect(events).toEqual([]);
  await docker(["rmi", `fidus/acme:${tag}`]);
  await expect(ensure(withoutBuilding)).rejects.toMatchObject({ problems: [{ got: "a build begins" }] });
  expect(notes()).toMatch(/not pulled: .*connection refused.*; building it/);
});
