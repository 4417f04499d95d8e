import { createServer } from "node:http";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import getPort from "get-port";
import { afterAll, beforeAll, expect, test } from "vitest";
import { stackContainers } from "../../cli/containers.ts";
import { namePrefix } from "../../infra/core/naming.ts";
import { TestEngine } from "../../infra/images/testing.ts";
import { docker, newProduct, type Ended, type Product } from "./product.ts";

let product: Product;
let id = "";
let before: string[] = [];

beforeAll(async () => {
  product = await newProduct();
  await product.up();
  id = await product.id();
  before = await running();
}, 900_000);

afterAll(() => product.remove(), 120_000);

async function running(): Promise<string[]> {
  return (await stackContainers(docker, id, "community")).map(({ id, startedAt }) => `${id} ${startedAt}`);
}

/** Exit code, the words of the message, and that nothing that runs was touched. */
async function refused(ended: Ended, code: number, ...words: string[]): Promise<void> {
  expect(ended.code, ended.stderr).toBe(code);
  for (const word of words) expect(ended.stderr).toContain(word);
  expect(await running()).toEqual(before);
}

test("an unknown stack is refused with exit 2 and the stacks that exist", async () => {
  await refused(
    await product.fidus("status", "comunity"),
    2,
    'stack: got "comunity"; needs one of community. ./fidus up community',
  );
});

test("an unknown edition is refused by up and choose, and makes no stack", async () => {
  const line = 'stack: got "comunity"; needs one of community. ./fidus up community';
  await refused(await product.fidus("up", "comunity"), 2, line);
  await refused(await product.fidus("choose", "comunity", "--port", "3100"), 2, line);
});

test("an unknown command, option and runtime are refused with exit 2", async () => {
  await refused(await product.fidus("upp"), 2, "upp");
  await refused(await product.fidus("up", "--fast"), 2, "--fast");
  await refused(await product.fidus("choose", "--runtime", "gpt"), 2, '--runtime: got "gpt"; needs one of auto, embedded');
  await refused(await product.fidus("choose", "--port", "0"), 2, '--port: got "0"; needs a whole number from 1 to 65535');
});

test("an unknown config key stops the up before the engine, and the command it names repairs it", async () => {
  await product.pulumi("config", "set", "pageprot", "3000", "--stack", "community");
  const ended = await product.fidus("up", "community");
  await refused(ended, 2, 'pageprot: got "an unknown key"', "did you mean pagePort?", "pulumi config rm pageprot");
  expect((await product.pulumi("config", "rm", "pageprot", "--stack", "community")).code).toBe(0);
  expect((await product.fidus("choose")).code).toBe(0);
});

test("a mistyped value is refused by plain pulumi as well, every problem at once", async () => {
  await product.pulumi("config", "set", "apiReplicas", "many", "--stack", "community");
  await product.pulumi("config", "set", "services", "some", "--stack", "community");
  const { code, stdout, stderr } = await product.pulumi("preview", "--stack", "community");
  expect(code).not.toBe(0);
  expect(stdout + stderr).toContain('apiReplicas: got "many"; needs a whole number from 1 to 8. pulumi config set apiReplicas 1');
  expect(stdout + stderr).toContain('services: got "some"; needs one of all, dependencies. pulumi config set services all');
  await product.pulumi("config", "rm", "apiReplicas", "--stack", "community");
  await product.pulumi("config", "rm", "services", "--stack", "community");
  expect((await product.pulumi("preview", "--stack", "community", "--expect-no-changes")).code).toBe(0);
});

test("a port that somebody else holds is refused, named with the command that picks another", async () => {
  const holder = createServer();
  const port = await getPort();
  await new Promise<void>((resolve) => void holder.listen(port, "127.0.0.1", resolve));
  try {
    const ended = await product.fidus("up", "community", "--port", String(port));
    expect(ended.code).toBe(1);
    expect(ended.stderr).toMatch(new RegExp(`${port}.*needs`, "s"));
    expect(ended.stderr).toContain("./fidus choose --port");
    expect(await running()).toEqual(before);
  } finally {
    holder.close();
    await product.fidus("choose", "--port", String(product.pagePort));
  }
});

test("an engine that does not answer is refused with the address that was asked", async () => {
  const socket = join(product.data, "nobody.sock");
  await product.pulumi("config", "set", "dockerHost", `unix://${socket}`, "--stack", "community");
  try {
    const ended = await product.fidus("up", "community");
    expect(ended.code).toBe(1);
    expect(ended.stderr).toContain(socket);
  } finally {
    await product.pulumi("config", "set", "dockerHost", "unix:///var/run/docker.sock", "--stack", "community");
  }
  expect(await running()).toEqual(before);
});

test("a lost passphrase is named and never silently replaced", async () => {
  const file = join(product.data, "fidus", "installations", id, "passphrase");
  renameSync(file, `${file}.kept`);
  try {
    await refused(await product.fidus("up", "community"), 1, "passphrase");
  } finally {
    renameSync(`${file}.kept`, file);
  }
});

test("a wrong passphrase is refused before anything changes", async () => {
  const file = join(product.data, "fidus", "installations", id, "passphrase");
  renameSync(file, `${file}.kept`);
  writeFileSync(file, "not the right one", { mode: 0o600 });
  try {
    await refused(await product.fidus("up", "community"), 1, "passphrase");
  } finally {
    renameSync(`${file}.kept`, file);
  }
});

test("of two ups at once one goes on and the other is refused with the process that works", async () => {
  const [one, two] = await Promise.all([product.fidus("up", "community"), product.fidus("up", "community")]);
  const codes = [one.code, two.code].sort();
  expect(codes).toEqual([0, 1]);
  expect(one.code === 1 ? one.stderr : two.stderr).toMatch(/Another command is changing this stack[\s\S]*process \d+/);
  expect(await running()).toEqual(before);
});

test("containers of our names that are not ours stop the up and are not touched", async () => {
  const name = `${namePrefix({ installation: id, stack: "community" })}-intruder`;
  const { base } = await new TestEngine().images("base");
  const intruder = (await docker(["create", "--name", name, "--entrypoint", "/bin/true", base])).trim();
  try {
    await refused(await product.fidus("up", "community"), 1, `container: got "${name}"`, `docker rename ${name} old-${name}`);
    expect((await docker(["inspect", "--format", "{{.Id}}", name])).trim()).toBe(intruder);
  } finally {
    await docker(["rm", "--force", intruder]);
  }
});

test("a container that never gets healthy fails the up with its last log lines", async () => {
  const { stdout } = await product.pulumi("config", "get", "images", "--stack", "community");
  const recorded = JSON.parse(stdout) as Record<string, string>;
  const broken = `fidus-test/never-healthy:${process.pid}`;
  await docker(["build", "--quiet", "--tag", broken, "-"], {
    input: `FROM ${recorded["proxy"]}\nENTRYPOINT ["/bin/sh", "-c", "echo this proxy is broken on purpose >&2; sleep 600"]\n`,
  });
  try {
    await product.pulumi("config", "set", "images", JSON.stringify({ ...recorded, proxy: broken }), "--stack", "community");
    const failed = await product.pulumi("up", "--yes", "--skip-preview", "--stack", "community");
    expect(failed.code).not.toBe(0);
    expect(failed.stdout + failed.stderr).toMatch(/proxy-service-container[\s\S]*(unhealthy|healthy state)/);
    // The same plain command must not turn green by itself: a failed wait is not forgotten.
    expect((await product.pulumi("preview", "--stack", "community", "--expect-no-changes")).code).not.toBe(0);
  } finally {
    await product.up();
    await docker(["image", "rm", broken]).catch(() => "");
  }
  before = await running();
}, 400_000);
