import { createServer } from "node:http";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import getPort from "get-port";
import { afterAll, beforeAll, expect, test } from "vitest";
import { lines, stackContainers } from "../../cli/containers.ts";
import { ensureModel, modelPath } from "../../cli/models.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { demoModel } from "../../infra/core/models.ts";
import { namePrefix } from "../../infra/core/naming.ts";
import { TestEngine } from "../../infra/images/testing.ts";
import { killEngine } from "../tools/kill-engine.ts";
import { startModelHub, type ModelHub } from "./model-hub.ts";
import { docker, failureOf, newProduct, variant1, type Ended, type Failure, type Product } from "./product.ts";

// One product for all. Its caches are its own, but for the toolchain: the first test fetches the model.
let product: Product;
let hub: ModelHub;
let id = "";
const sharedCache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "fidus");
const cache = mkdtempSync(join(tmpdir(), "fidus-cache-"));

beforeAll(async () => {
  await new TestEngine().images("base", "app", "llm", "postgres", "redis", "proxy");
  await ensureModel({ model: demoModel, cacheDir: sharedCache });
  mkdirSync(join(cache, "fidus"));
  mkdirSync(join(sharedCache, "toolchain"), { recursive: true });
  symlinkSync(join(sharedCache, "toolchain"), join(cache, "fidus/toolchain"));
  product = await newProduct({ settings: { XDG_CACHE_HOME: cache } });
  id = await product.id();
  hub = await startModelHub(demoModel);
}, 1_200_000);

afterAll(async () => {
  await product.remove();
  await hub.close();
  rmSync(cache, { recursive: true, force: true });
}, 120_000);

/** Containers with their starts, and every row that a person made. */
async function state(): Promise<string[]> {
  const containers = await stackContainers(docker, id, "community");
  const database = containers.find(({ role }) => role === "postgres");
  if (database === undefined) return [];
  const tables = ["users", "api_keys", "conversations", "messages"].map((table) => `select '${table}', t::text from ${table} t`);
  const query = `${tables.join(" union all ")} order by 1, 2`;
  const rows = await docker(["exec", database.id, "psql", "-U", "postgres", "-d", "fidus", "-Atc", query]);
  return [...containers.map((one) => `${one.id} ${one.startedAt}`), ...lines(rows)];
}

/** Runs a command that must be refused: exit code, every problem, and no row or container touched. */
async function refused(code: number, problems: unknown, ...args: string[]): Promise<Failure> {
  const before = await state();
  const ended = await product.fidus(...args, "--json");
  expect(ended.code, ended.stderr).toBe(code);
  const failure = failureOf(ended);
  expect(failure.problems).toEqual(problems);
  expect(await state()).toEqual(before);
  return failure;
}

/** Runs a repair as it was named. */
async function repair(command: string | undefined): Promise<void> {
  const { code, stderr } = await product.paste(command ?? "false");
  expect(code, `${command}: ${stderr}`).toBe(0);
}

async function works(...args: string[]): Promise<void> {
  const { code, stderr } = await product.fidus("up", "community", ...args);
  expect(code, stderr).toBe(0);
}

test("a model whose checksum is wrong is refused and removed, nothing is started, and the same command takes the right one", async () => {
  const up = (): Promise<Ended> => {
    const ports = ["--port", String(product.pagePort), "--api-port", String(product.apiPort)];
    return product.elsewhere({ env: hub.env }, "up", "community", "--json", ...ports, "--model", demoModel.id);
  };
  const ended = await up();
  expect(ended.code, ended.stderr).toBe(1);
  const { code, problems } = failureOf(ended);
  expect(code).toBe("model-checksum");
  expect(problems).toEqual([
    {
      path: demoModel.fileName,
      got: expect.stringMatching(/^sha256 [0-9a-f]{64}$/) as string,
      rule: `sha256 ${demoModel.sha256}`,
      fix: "The file from the model hub was removed; the same command fetches it again. If it stays so, do not use that source.",
    },
  ]);
  expect(hub.asked).toEqual([`GET ${demoModel.url}`]);
  expect(readdirSync(join(cache, "fidus/models"))).toEqual([]);
  expect(await stackContainers(docker, id, "community")).toEqual([]);

  hub.serve(modelPath(sharedCache, demoModel));
  const again = await up();
  expect(again.code, again.stderr).toBe(0);
  expect(hub.asked).toHaveLength(2);
  expect((await state()).length).toBeGreaterThan(7);
}, 400_000);

test("an unknown edition or stack is refused by every command, and the command named works", async () => {
  const problems = [{ path: "stack", got: "comunity", rule: "one of community", fix: "./fidus up community" }];
  for (const command of ["status", "choose", "up"]) await refused(2, expect.arrayContaining(problems), command, "comunity");
  await repair(problems[0]?.fix);
}, 120_000);

test("wrong settings stop the up before the engine, all at once, and the commands named repair every one", async () => {
  const set = (key: string, value: string) => product.pulumi("config", "set", key, value, "--stack", "community");
  await set("pageprot", "3000");
  await set("apiReplicas", "many");
  await set("llmBaseUrl", "http://127.0.0.1:1/v1");
  await set("bindAddress", "localhost");
  await set("imageSource", "registry");
  const { problems } = await refused(
    2,
    [
      {
        path: "pageprot",
        got: "an unknown key",
        rule: "a key of edition community (did you mean pagePort?)",
        fix: "pulumi config rm pageprot",
      },
      { path: "apiReplicas", got: "many", rule: "a whole number from 1 to 8", fix: "pulumi config set apiReplicas 1" },
      { path: "bindAddress", got: "localhost", rule: expect.any(String) as string, fix: expect.any(String) as string },
      {
        path: "llmBaseUrl",
        got: "http://127.0.0.1:1/v1",
        rule: "a runtime that answers there: embedded runs in the stack",
        fix: "pulumi config rm llmBaseUrl",
      },
      { path: "imageRegistry", rule: "a host and path for imageSource registry", fix: "./fidus choose --no-registry" },
    ],
    "up",
    "community",
  );
  const plain = await product.pulumi("preview", "--stack", "community");
  expect(plain.code).not.toBe(0);
  for (const { path, fix } of problems) {
    expect(plain.stdout + plain.stderr).toContain(`${path}: got `);
    await repair(fix);
  }
  expect((await product.pulumi("preview", "--stack", "community", "--expect-no-changes")).code).toBe(0);
}, 240_000);

test("a port that somebody else holds is refused, and with the one that is named the product comes up", async () => {
  const holder = createServer();
  const port = await getPort();
  await new Promise<void>((resolve) => void holder.listen(port, "127.0.0.1", resolve));
  const other = port < 50_000 ? port + 10_000 : port - 10_000;
  const got = expect.stringMatching(new RegExp(`^127.0.0.1:${port}, held by `)) as string;
  const problems = [{ path: "pagePort", got, rule: "a free port", fix: `./fidus choose --port ${other}` }];
  try {
    await refused(1, problems, "up", "community", "--port", String(port));
    await repair(problems[0]?.fix);
    await works();
    expect((await fetch(`http://localhost:${other}/health/ready`)).status).toBe(200);
  } finally {
    holder.close();
  }
}, 120_000);

test("an engine that does not answer is refused with the address that was recorded, and the command named leads back", async () => {
  const nobody = `unix://${join(product.data, "nobody.sock")}`;
  await product.pulumi("config", "set", "dockerHost", nobody, "--stack", "community");
  const { problems } = await refused(
    1,
    [
      {
        path: "dockerHost",
        got: expect.stringContaining(nobody) as string,
        rule: "an engine that answers `docker version`",
        fix: "Start that engine; if the address is wrong: pulumi config set dockerHost unix:///var/run/docker.sock",
      },
    ],
    "up",
    "community",
  );
  await repair(problems[0]?.fix.split("wrong: ")[1]);
  expect((await product.pulumi("preview", "--stack", "community", "--expect-no-changes")).code).toBe(0);
}, 120_000);

const passphrase = (): string => join(product.data, "fidus/installations", id, "passphrase");

test("a lost and a wrong passphrase are refused at once and never replaced, and the backup put back works", async () => {
  const backup = join(product.data, "backup of the passphrase");
  renameSync(passphrase(), backup);
  const fix = `install -m 600 YOUR-BACKUP ${passphrase()}; without a backup save the database (docs/community.md#backup), then ./fidus uninstall --yes && ./fidus up`;
  const rule = expect.stringMatching(/^the passphrase that .*Pulumi\.community\.yaml was encrypted with$/) as string;
  await refused(1, [{ path: passphrase(), rule, fix }], "up", "community");
  writeFileSync(passphrase(), "not the right one", { mode: 0o600 });
  for (const command of ["up", "down"])
    await refused(1, [{ path: passphrase(), got: "another passphrase", rule, fix }], command, "community");
  expect(readFileSync(passphrase(), "utf8")).toBe("not the right one");
  await repair(fix.split(";")[0]?.replace("YOUR-BACKUP", `'${backup}'`));
  await works();
}, 240_000);

test("of two ups at once one goes on and the other is refused with the process that works", async () => {
  const before = (await state()).filter((line) => !line.startsWith("api_keys"));
  const both = await Promise.all([product.fidus("up", "community", "--json"), product.fidus("up", "community", "--json")]);
  expect(both.map(({ code }) => code).sort()).toEqual([0, 1]);
  const [loser] = both.filter(({ code }) => code === 1);
  expect(loser === undefined ? null : failureOf(loser)).toMatchObject({
    code: "busy",
    problems: [
      {
        path: "stack community",
        got: expect.stringMatching(/^process \d+$/) as string,
        rule: "no other command at the same time",
        fix: "Wait until it has ended, then repeat the command.",
      },
    ],
  });
  expect((await state()).filter((line) => !line.startsWith("api_keys"))).toEqual(before);
  await works();
}, 120_000);

test("a container of our names that is not ours stops the up and is not touched, and renamed as named it is out of the way", async () => {
  const name = `${namePrefix({ installation: id, stack: "community" })}-intruder`;
  const { base } = await new TestEngine().images("base");
  const intruder = (await docker(["create", "--name", name, "--entrypoint", "/bin/true", base])).trim();
  try {
    const problem = {
      path: "container",
      got: name,
      rule: `the label fidus.installation=${id}`,
      fix: `docker rename ${name} old-${name}`,
    };
    await refused(1, [problem], "up", "community");
    await repair(problem.fix);
    await works();
    expect((await docker(["inspect", "--format", "{{.Id}} {{.Name}}", intruder])).trim()).toBe(`${intruder} /old-${name}`);
  } finally {
    await docker(["rm", "--force", intruder]);
  }
}, 120_000);

test("a Pulumi engine that is killed in the middle of its work is what the up says, and the command named converges", async () => {
  expect((await product.fidus("down", "community")).code).toBe(0);
  const interrupted = product.fidus("up", "community", "--json");
  const some = async (): Promise<boolean> => (await stackContainers(docker, id, "community")).length > 1;
  await eventually("some containers are there", some, 120_000);
  killEngine(product.data);
  const ended = await interrupted;
  expect(ended.code, ended.stderr).toBe(1);
  expect(failureOf(ended)).toMatchObject({
    code: "engine-killed",
    problems: [
      {
        path: "pulumi up",
        got: "an end by SIGKILL",
        rule: "to run to its end (dmesg tells whether memory was short)",
        fix: "./fidus up",
      },
    ],
  });
  await repair("./fidus up");
  const seen = (await stackContainers(docker, id, "community")).map(({ role, health }) => `${role} ${health}`).sort();
  expect(seen).toEqual(variant1.map((role) => `${role} healthy`));
}, 300_000);

// The last one: it ends the product.
test("with the passphrase lost for ever, the uninstall that is named leaves nothing of ours behind", async () => {
  rmSync(passphrase());
  await repair("./fidus uninstall --yes");
  for (const list of [
    ["ps", "--all"],
    ["network", "ls"],
    ["volume", "ls"],
  ])
    expect(await docker([...list, "--quiet", "--filter", `label=fidus.installation=${id}`]), list.join(" ")).toBe("");
  expect(readdirSync(join(product.data, "fidus/installations"))).not.toContain(id);
}, 120_000);
