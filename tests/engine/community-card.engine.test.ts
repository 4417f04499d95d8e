import { mkdir, symlink } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { complete } from "../../infra/config/testing.ts";
import { imageNames } from "../../infra/images/images.ts";
import { EngineProject } from "../../toolchain/providers/testing/engine.ts";
import { versions } from "../../toolchain/versions.ts";
import { goldenCard } from "../cards/golden.ts";
import { previewOf } from "./steps.ts";

/** The community edition's own program on the real engine and Docker provider; of Docker itself there is only what says that it is there. */
let daemon: Server;
let project: EngineProject;
const asked: string[] = [];

beforeAll(async () => {
  daemon = createServer(({ method, url }, response) => {
    asked.push(`${method} ${url?.replace(/^\/v[\d.]+/, "")}`);
    const isPing = url?.endsWith("/_ping") === true;
    response.writeHead(isPing ? 200 : 404, { "Api-Version": "1.47", "Content-Type": isPing ? "text/plain" : "application/json" });
    response.end(isPing ? "OK" : '{"message":"this Docker only says that it is there"}');
  });
  await new Promise<void>((resolve) => daemon.listen(0, "127.0.0.1", resolve));
  project = await EngineProject.create({ ownStacks: true, stack: "shop" });
  const plugin = `plugins/resource-docker-v${versions.docker}`;
  const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
  await mkdir(join(project.directory, "home", plugin), { recursive: true });
  const binary = `${plugin}/pulumi-resource-docker`;
  await symlink(join(cache, "fidus/toolchain/pulumi-home", binary), join(project.directory, "home", binary));
}, 120_000);

afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await new Promise((resolve) => daemon.close(resolve));
});

test("the card of a new community stack: nothing costs anything, and nothing is asked of Docker but whether it is there", async () => {
  const { port } = daemon.address() as AddressInfo;
  const images = Object.fromEntries(imageNames.map((name) => [name, `fidus/${name}@sha256:${"0".repeat(64)}`]));
  const dockerHost = `tcp://127.0.0.1:${port}`;
  await project.configure({ ...complete.community, dockerHost, images: JSON.stringify(images) });
  const { text, findings } = await previewOf(project);
  expect(findings).toEqual([]);
  const card = goldenCard("community-new", text);
  expect(card.seen).toEqual(card.committed);
  expect(asked.filter((call) => !call.endsWith("/_ping"))).toEqual([]);
}, 120_000);
