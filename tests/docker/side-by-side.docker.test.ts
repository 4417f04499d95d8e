import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { request, type APIRequestContext } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lines, stackContainers } from "../../cli/containers.ts";
import { checkout, docker, newProduct, type Product, type UpJson } from "./product.ts";

interface Clone {
  readonly folder: string;
  readonly product: Product;
  readonly id: string;
  readonly admin: NonNullable<UpJson["admin"]>;
}

/** Two clones of this checkout, of one user. The second is cleaned, opened to the network, taken down and uninstalled. */
let [first, second]: Clone[] = [];
let home = "";
/** One cookie jar for both, as a browser has. */
let browser: APIRequestContext;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "fidus-clones-"));
  first = await cloneAndUp("one");
  second = await cloneAndUp("two");
  browser = await request.newContext({ extraHTTPHeaders: { "x-fidus-csrf": "1" } });
}, 1_500_000);

afterAll(async () => {
  await browser?.dispose();
  for (const clone of [second, first]) if (clone !== undefined && existsSync(folderOf(clone))) await clone.product.remove();
  rmSync(home, { recursive: true, force: true });
}, 240_000);

async function cloneAndUp(name: string): Promise<Clone> {
  const folder = join(home, name);
  await execa("git", ["clone", "--quiet", checkout, folder]);
  await linkPackages(folder);
  const product = await newProduct({ root: folder, data: join(home, "data") });
  const { admin } = await product.up();
  if (admin === null) throw new Error(`the first up of ${name} made no administrator`);
  return { folder, product, id: await product.id(), admin };
}

/** What `npm ci` would install, without asking the registry once more. */
async function linkPackages(folder: string): Promise<void> {
  for (const modules of ["node_modules", "app/node_modules", "app/llm/node_modules"]) {
    if (!existsSync(join(checkout, modules))) continue;
    const copy = (how: string) => execa("cp", [how, join(checkout, modules), dirname(join(folder, modules))]);
    await copy("-al").catch(() => copy("-a"));
  }
}

/** Where an installation's state and passphrase are. */
function folderOf({ id }: Clone): string {
  return join(home, "data/fidus/installations", id);
}

function pair(): readonly [Clone, Clone] {
  if (first === undefined || second === undefined) throw new Error("the clones are not up");
  return [first, second];
}

/** Ids and start times of a clone's containers. */
async function identities({ id }: Clone): Promise<string[]> {
  return (await stackContainers(docker, id, "community")).map(
    ({ name, id: container, startedAt }) => `${name} ${container} ${startedAt}`,
  );
}

const from = (url: string): { headers: { origin: string } } => ({ headers: { origin: url } });

async function signIn({ admin: { email, password } }: Clone, url: string): Promise<number> {
  return (await browser.post(`${url}/api/v1/auth/login`, { ...from(url), data: { email, password } })).status();
}

/** Status, and what was said; without titles, since the worker may be naming a conversation meanwhile. */
async function conversations(url: string): Promise<string> {
  const listed = await browser.get(`${url}/api/v1/conversations`);
  if (listed.status() !== 200) return String(listed.status());
  const { conversations: all } = (await listed.json()) as { conversations: { id: string }[] };
  const read = async ({ id }: { id: string }): Promise<unknown> => {
    const { messages } = (await (await browser.get(`${url}/api/v1/conversations/${id}`)).json()) as { messages: unknown };
    return [id, messages];
  };
  return `200 ${JSON.stringify(await Promise.all(all.map(read)))}`;
}

const gitStatus = async ({ folder }: Clone): Promise<string> =>
  (await execa("git", ["-C", folder, "status", "--porcelain"])).stdout;

test("two clones run beside each other, each with an identity, a folder and a passphrase of its own", async () => {
  const clones = pair();
  expect(new Set(clones.map(({ id }) => id)).size).toBe(2);
  const passphrases = clones.map((clone) => join(folderOf(clone), "passphrase"));
  for (const file of passphrases) expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(new Set(passphrases.map((file) => readFileSync(file, "utf8"))).size).toBe(2);
  for (const clone of clones) {
    expect(await identities(clone)).toHaveLength(7);
    expect((await fetch(`${clone.product.url}/health/ready`)).status).toBe(200);
    expect(await gitStatus(clone), "git status after up").toBe("");
  }
});

test("signing in on the second leaves the first one signed in", async () => {
  const [one, two] = pair();
  for (const clone of [one, two]) expect(await signIn(clone, clone.product.url)).toBe(200);
  for (const { product } of [one, two]) expect(await conversations(product.url)).toMatch(/^200 /);
  const asked = await browser.post(`${two.product.url}/api/v1/chat`, {
    ...from(two.product.url),
    data: { content: "Say hello." },
    timeout: 120_000,
  });
  expect(await asked.text()).toContain("event: done");
  expect(await conversations(two.product.url)).toContain("Say hello.");
  expect(await conversations(one.product.url)).not.toContain("Say hello.");
}, 180_000);

test("git clean loses nothing: the next up has login and rows, and opens the page to the network where that is set", async () => {
  const [one, two] = pair();
  const [before, rows] = [await identities(one), await conversations(two.product.url)];
  // The engine's version as another engine would have recorded it.
  await two.product.configure({ bindAddress: "0.0.0.0", dockerMajor: "99" });
  await execa("git", ["-C", two.folder, "clean", "-fdx"]);
  await linkPackages(two.folder);
  const { code, stdout, stderr } = await two.product.fidus("up", "community", "--json");
  expect(code, stderr).toBe(0);
  const { admin, choices } = JSON.parse(stdout) as { admin: unknown; choices: { key: string; value: string }[] };
  expect(admin).toBeNull();
  expect(choices).toMatchObject([{ key: "dockerMajor", value: expect.stringMatching(/^2\d$/) as string }]);
  expect(stderr).toContain("bindAddress 0.0.0.0 serves HTTP without encryption");
  expect(await two.product.id()).toBe(two.id);
  const lan = Object.values(networkInterfaces())
    .flat()
    .find((address) => address?.family === "IPv4" && !address.internal)?.address;
  for (const url of [two.product.url, `http://${lan}:${two.product.pagePort}`]) {
    expect(await signIn(two, url), url).toBe(200);
    expect(await conversations(url)).toBe(rows);
  }
  expect(await gitStatus(two)).toBe("");
  expect(await identities(one)).toEqual(before);
}, 400_000);

test("npm test beside a running product leaves its containers and its sign-in alone", async () => {
  const [one, two] = pair();
  const before = [await identities(one), await identities(two)];
  const files = ["infra/images/redis.docker.test.ts", "infra/images/fill-files.docker.test.ts"];
  const { code, stdout, stderr } = await one.product.fidus("test", "docker", "--", ...files);
  expect(code, stdout + stderr).toBe(0);
  expect(stdout.trimEnd().split("\n").at(-1)).toMatch(/^[1-9]\d* passed, 0 failed, 0 skipped$/);
  expect([await identities(one), await identities(two)]).toEqual(before);
  expect(await conversations(one.product.url)).toMatch(/^200 /);
}, 600_000);

test("down and uninstall of one leave the other's containers, folder and sign-in alone, and nothing of its own", async () => {
  const [one, two] = pair();
  const before = await identities(one);
  expect((await two.product.fidus("down", "community")).code).toBe(0);
  expect(await identities(two)).toEqual([]);
  expect(await identities(one)).toEqual(before);
  const { code, stderr } = await two.product.fidus("uninstall", "--yes");
  expect(code, stderr).toBe(0);
  const filter = ["--quiet", "--filter", `label=fidus.installation=${two.id}`];
  for (const list of [
    ["ps", "--all"],
    ["volume", "ls"],
    ["network", "ls"],
  ])
    expect(lines(await docker([...list, ...filter])), list.join(" ")).toEqual([]);
  expect([one, two].map((clone) => existsSync(folderOf(clone)))).toEqual([true, false]);
  expect(await identities(one)).toEqual(before);
  expect(await conversations(one.product.url)).toMatch(/^200 /);
  expect(await gitStatus(two)).toBe("");
}, 300_000);
