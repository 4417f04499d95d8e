import { mkdtempSync, rmSync, writeFileSync, mkdirSync, cpSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ensureImages, type ImageEvent } from "./build.ts";
import { differences } from "./prepare.ts";
import type { Docker } from "./docker-cli.ts";
import { imageRef } from "./tags.ts";

let root = "";
let calls: string[][] = [];
let events: ImageEvent[] = [];

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "fidus-build-"));
  mkdirSync(join(root, "infra"));
  cpSync(import.meta.dirname, join(root, "infra/images"), { recursive: true });
  rmSync(join(root, "infra/images/digests.json"), { force: true });
  writeFileSync(join(root, "package-lock.json"), '{"packages":{}}');
  calls = [];
  events = [];
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** An engine that answers by the first word or two of the call: only what happens before any build is looked at here. */
function engine(answers: Readonly<Record<string, string | (() => string)>>): Docker {
  return (args) => {
    calls.push([...args]);
    const answer = answers[args.slice(0, 2).join(" ")] ?? answers[args[0] ?? ""];
    if (answer === undefined) return Promise.reject(new Error(`not expected: docker ${args.join(" ")}`));
    return Promise.resolve(typeof answer === "string" ? answer : answer());
  };
}

const settings = { sources: [], aptConfig: [], certificates: null, pipConfig: [] };
const common = () => ({ root, settings, cache: join(root, "cache"), log: (event: ImageEvent) => void events.push(event) });

test("images that are there cost one question to the engine and no event", async () => {
  const refs = (["redis", "proxy"] as const).map((name) => imageRef(name, { root }));
  const result = await ensureImages({
    ...common(),
    docker: engine({ "image ls": refs.join("\n") }),
    names: ["redis", "proxy"],
    source: "build",
  });
  expect(result.map(({ how, ref }) => [how, ref])).toEqual(refs.map((ref) => ["present", ref]));
  expect(calls).toHaveLength(1);
  expect(events).toEqual([]);
});

test("an engine of another system or processor is refused before anything is built", async () => {
  const docker = engine({ "image ls": "", version: "linux riscv64" });
  await expect(ensureImages({ ...common(), docker, names: ["redis"], source: "build" })).rejects.toThrow(
    "docker engine: got linux/riscv64; needs linux/amd64 or linux/arm64.",
  );
  expect(calls.filter(([verb]) => verb === "build")).toEqual([]);
});

test("a published image is pulled by digest and gets its local tag", async () => {
  const ref = imageRef("redis", { root });
  const digest = publish("redis", ref.split(":")[1] ?? "");
  let present = "";
  const docker = engine({
    "image ls": () => present,
    "image inspect": ref.split(":")[1] ?? "",
    pull: "",
    tag: () => ((present = ref), ""),
  });
  const [image] = await ensureImages({ ...common(), docker, names: ["redis"], source: "registry", registry: "registry.example" });
  expect(image?.how).toBe("pulled");
  expect(calls).toContainEqual(["pull", `registry.example/fidus/redis@${digest}`]);
});

test("a digest that holds other content never gets our tag, and the image is built instead", async () => {
  publish("redis", imageRef("redis", { root }).split(":")[1] ?? "");
  const docker = engine({ "image ls": "", "image inspect": "000000000000", pull: "", version: "linux riscv64" });
  await expect(
    ensureImages({ ...common(), docker, names: ["redis"], source: "registry", registry: "registry.example" }),
  ).rejects.toThrow("riscv64");
  expect(calls.filter(([verb]) => verb === "tag")).toEqual([]);
  expect(events.find((event) => event.kind === "note")).toMatchObject({
    image: "redis",
    text: expect.stringContaining("got content 000000000000"),
  });
});

test("a checkout that differs from its release builds, without asking the registry", async () => {
  publish("redis", "aaaaaaaaaaaa");
  const docker = engine({ "image ls": "", version: "linux riscv64" });
  await expect(
    ensureImages({ ...common(), docker, names: ["redis"], source: "registry", registry: "registry.example" }),
  ).rejects.toThrow("riscv64");
  expect(calls.filter(([verb]) => verb === "pull")).toEqual([]);
});

test("a malformed digest is named, a missing registry is asked for", async () => {
  const docker = engine({ "image ls": "" });
  await expect(ensureImages({ ...common(), docker, names: ["redis"], source: "registry" })).rejects.toThrow(
    "./fidus choose --registry HOST",
  );
  writeFileSync(join(root, "infra/images/digests.json"), '{"redis":{"tag":"x","digest":"sha256:1"}}');
  await expect(ensureImages({ ...common(), docker, names: ["redis"], source: "registry", registry: "r" })).rejects.toThrow(
    "digests.json redis: got",
  );
});

test("sources edited while an image is built are noticed: another attempt is made, and after the third an error says so", async () => {
  let edits = 0;
  // The engine is asked for its processor between the look at the sources and their use.
  const edit = () => {
    writeFileSync(join(root, "infra/images/base/healthcheck"), `edit ${(edits += 1)}`);
    return "linux amd64";
  };
  const docker = engine({ "image ls": "", version: edit });
  const ensure = ensureImages({ ...common(), docker, names: ["base"], source: "build" });
  await expect(ensure).rejects.toThrow("images.base: got sources that changed during the build");
  expect(edits).toBe(3);
  expect(calls.filter(([verb]) => verb === "build" || verb === "import")).toEqual([]);
});

test("an installed package that the lock file does not name so is reported", () => {
  const locked = { packages: { "node_modules/a": { version: "1.0.0", integrity: "x" } } };
  expect(differences(locked, locked)).toEqual([]);
  expect(differences({ packages: { "node_modules/a": { version: "1.0.0", integrity: "y" } } }, locked)).toEqual([
    "node_modules/a 1.0.0",
  ]);
});

function publish(name: string, tag: string): string {
  const digest = `sha256:${"ab".repeat(32)}`;
  writeFileSync(join(root, "infra/images/digests.json"), JSON.stringify({ [name]: { tag, digest } }));
  return digest;
}
