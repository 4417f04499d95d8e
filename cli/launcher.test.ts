import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";

const source = dirname(import.meta.dirname);
const node24 = dirname(realpathSync(process.execPath));
const tools = ["sh", "readlink", "dirname", "sleep", "mkdir", "cat"] as const;

let home = "";
let checkout = "";
let bin = "";

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "fidus-launcher-")));
  checkout = join(home, "check out");
  bin = join(home, "bin");
  mkdirSync(join(checkout, "cli"), { recursive: true });
  mkdirSync(bin);
  const files = ["fidus", "cli/bootstrap.mjs", "cli/bootstrap-files.mjs", "cli/bootstrap-lock.mjs"];
  for (const file of files) cpSync(join(source, file), join(checkout, file));
  write(
    "cli/main.ts",
    "const args: string[] = process.argv.slice(2); console.log(JSON.stringify({ args, cwd: process.cwd() })); process.exitCode = Number(args.at(-1)) || 0;",
  );
  write("package.json", JSON.stringify({ name: "shop", version: "1.0.0", type: "module", dependencies: { part: "file:part" } }));
  writeLock("1.0.0");
  write("part/package.json", JSON.stringify({ name: "part", version: "1.0.0" }));
  for (const tool of tools)
    symlinkSync(execFileSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" }).trim(), join(bin, tool));
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

test("the first run installs with the real npm and runs the CLI; the exit code is the CLI's", async () => {
  const first = await fidus(["up", "community", "3"], { PATH: `${node24}:${process.env["PATH"] ?? ""}` });
  expect(first).toMatchObject({ code: 3, stdout: `${JSON.stringify({ args: ["up", "community", "3"], cwd: home })}\n` });
  expect(first.stderr).toMatch(/installing packages \(npm ci\) \(0 s\)[\s\S]*packages installed \(\d+ s\)/);
  expect(existsSync(join(checkout, "node_modules/.fidus-lock"))).toBe(true);
}, 60_000);

test("a second run installs nothing and says nothing", async () => {
  fakeNpm(installs);
  await fidus([]);
  expect(await fidus(["a b", "$c"])).toEqual({
    code: 0,
    stdout: `${JSON.stringify({ args: ["a b", "$c"], cwd: home })}\n`,
    stderr: "",
  });
  expect(npmCalls()).toEqual(["ci --ignore-scripts --include=dev --include=optional --no-audit --no-fund"]);
});

test("a changed lock file installs again", async () => {
  fakeNpm(installs);
  await fidus([]);
  writeLock("1.0.1");
  await fidus([]);
  expect(npmCalls()).toHaveLength(2);
});

test("packages that a developer installed with npm count, and packages that do not match the lock file do not", async () => {
  fakeNpm(installs);
  write(
    "node_modules/.package-lock.json",
    JSON.stringify({ packages: { part: { version: "1.0.0" }, "node_modules/part": { resolved: "part", link: true } } }),
  );
  write("node_modules/part/package.json", "{}");
  await fidus([]);
  expect(npmCalls()).toEqual([]);
  writeLock("1.0.1");
  await fidus([]);
  expect(npmCalls()).toHaveLength(1);
});

test("it is found through a relative symlink in another folder", async () => {
  fakeNpm(installs);
  mkdirSync(join(home, "links"));
  symlinkSync("../check out/fidus", join(home, "links/fidus"));
  symlinkSync("links/fidus", join(home, "f"));
  expect(await fidus(["x"], {}, join(home, "f"))).toMatchObject({ code: 0, stdout: expect.stringContaining('"x"') });
});

test("an npm that fails is shown with its last lines, exit 1, and leaves no marker: the next run installs", async () => {
  fakeNpm("echo 'npm error code ECONNREFUSED' >&2; exit 7");
  const failed = await fidus(["up"]);
  expect(failed).toMatchObject({ code: 1, stdout: "" });
  expect(failed.stderr).toContain("npm error code ECONNREFUSED");
  expect(failed.stderr).toContain('node_modules: got "npm ci" ended with 7; needs every package of package-lock.json');
  fakeNpm(installs);
  expect((await fidus(["up"])).code).toBe(0);
});

test("SIGTERM while packages are installed exits 1, stops npm and leaves no marker and no lock", async () => {
  fakeNpm(gated);
  const running = start(["up"]);
  await until(() => npmCalls().length === 1);
  process.kill(bootstrapOf(), "SIGTERM");
  expect((await running.ended).code).toBe(1);
  expect(existsSync(join(checkout, "node_modules/.fidus-lock"))).toBe(false);
  expect(existsSync(join(checkout, ".fidus/install.lock"))).toBe(false);
});

test("two first runs at once install once", async () => {
  fakeNpm(gated);
  const runs = [start(["1st"]), start(["2nd"])];
  await until(() => npmCalls().length === 1);
  write("go", "");
  expect((await Promise.all(runs.map(({ ended }) => ended))).map(({ code }) => code)).toEqual([0, 0]);
  expect(npmCalls()).toHaveLength(1);
});

test("the lock of a dead process is taken over, also when its process id is used again", async () => {
  fakeNpm(installs);
  write(".fidus/install.lock", `${process.pid} 12345`);
  expect((await fidus(["up"])).code).toBe(0);
});

test("the lock of a living process is waited for and then belongs to nobody", async () => {
  fakeNpm(installs);
  const stat = readFileSync(`/proc/${process.pid}/stat`, "utf8");
  write(".fidus/install.lock", `${process.pid} ${stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? ""}`);
  const running = start(["up"]);
  await until(() => running.stderr().includes("waiting for another ./fidus"));
  expect(npmCalls()).toEqual([]);
  rmSync(join(checkout, ".fidus/install.lock"));
  expect((await running.ended).code).toBe(0);
});

test.each([
  [{ platform: "win32" }, "platform: got Windows; needs Linux, macOS or WSL2. wsl --install"],
  [{ platform: "freebsd" }, "platform: got freebsd; needs Linux, macOS or WSL2."],
  [{ arch: "ia32" }, "architecture: got ia32; needs 64 bit: x64 or arm64."],
  [{ versions: { node: "16.20.2" } }, "node: got 16.20.2; needs 18 or newer. apt-get install"],
])("a system that cannot run Fidus is refused by name: %j", async (facts, message) => {
  const code = Object.entries(facts).map(
    ([name, value]) => `Object.defineProperty(process, ${JSON.stringify(name)}, { value: ${JSON.stringify(value)} });`,
  );
  const refused = await fidus([], { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(code.join(""))}` });
  expect(refused).toMatchObject({ code: 1, stdout: "" });
  expect(refused.stderr).toContain(message);
});

test("without any Node it says how to get one", async () => {
  const refused = await fidus([], { PATH: bin });
  expect(refused).toEqual({
    code: 1,
    stdout: "",
    stderr: expect.stringContaining("node: got nothing on PATH; needs Node 18 or newer, with npm. apt-get install -y nodejs npm"),
  });
});

test("without npm it names npm", async () => {
  symlinkSync(join(node24, "node"), join(bin, "node"));
  const refused = await fidus([], { PATH: bin });
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("npm: got nothing on PATH; needs npm 8 or newer. apt-get install -y npm"),
  });
});

const old = oldNode();
test.skipIf(old === null)("an older Node starts it, and the CLI runs on the Node 24 of the npm package", async () => {
  fakeNpm(installs);
  symlinkSync(old ?? "", join(bin, "node"));
  const folder = `node_modules/node-linux-${process.arch}`;
  write(`${folder}/package.json`, JSON.stringify({ version: "24.0.0" }));
  mkdirSync(join(checkout, folder, "bin"));
  symlinkSync(join(node24, "node"), join(checkout, folder, "bin/node"));
  expect(await fidus(["up"], { PATH: bin })).toMatchObject({ code: 0, stdout: expect.stringContaining('"up"') });
});

test.skipIf(old === null)("an older Node alone is refused with the way to Node 24", async () => {
  fakeNpm(installs);
  symlinkSync(old ?? "", join(bin, "node"));
  expect(await fidus(["up"], { PATH: bin })).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/node: got \d+\.\d+\.\d+; needs Node 24 on PATH or from npm\./),
  });
});

/** What npm does as far as the launcher sees: a folder, and a line that it was called. */
const installs = 'mkdir -p node_modules; echo "$*" >> npm-calls';
/** The same, but it ends only when the file `go` is there, or the whole folder is gone with a killed test. */
const gated =
  'echo "$*" >> npm-calls; trap "exit 9" TERM; until [ -e go ] || [ ! -e npm-calls ]; do sleep 0.05; done; mkdir -p node_modules';

function fakeNpm(script: string): void {
  writeFileSync(join(bin, "npm"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "npm"), 0o755);
}

function npmCalls(): string[] {
  const file = join(checkout, "npm-calls");
  return existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n") : [];
}

/** The lock's first line names the bootstrap process. */
function bootstrapOf(): number {
  return Number.parseInt(readFileSync(join(checkout, ".fidus/install.lock"), "utf8"), 10);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(join(checkout, file)), { recursive: true });
  writeFileSync(join(checkout, file), text);
}

function writeLock(version: string): void {
  const packages = {
    "": { name: "shop", version: "1.0.0", dependencies: { part: "file:part" } },
    part: { version },
    "node_modules/part": { resolved: "part", link: true },
  };
  write("package-lock.json", JSON.stringify({ name: "shop", version: "1.0.0", lockfileVersion: 3, requires: true, packages }));
}

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(
  args: readonly string[],
  env: Record<string, string> = {},
  program = join(checkout, "fidus"),
): { ended: Promise<Ended>; stderr: () => string } {
  const child = spawn(program, args, {
    cwd: home,
    env: { HOME: home, PATH: `${bin}:${node24}`, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (stderr += text));
  const ended = new Promise<Ended>((resolve, reject) =>
    child.once("error", reject).once("close", (code) => resolve({ code, stdout, stderr })),
  );
  return { ended, stderr: () => stderr };
}

function fidus(args: readonly string[], env: Record<string, string> = {}, program?: string): Promise<Ended> {
  return start(args, env, program).ended;
}

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 20_000; !holds(); await wait(20)) {
    if (performance.now() > deadline) throw new Error("the condition did not hold within 20 s");
  }
}

/** A Node from 18 to 23 on this machine, if there is one. */
function oldNode(): string | null {
  for (const file of ["/usr/bin/node", "/usr/local/bin/node"]) {
    if (!existsSync(file)) continue;
    const major = Number.parseInt(execFileSync(file, ["-p", "process.versions.node"], { encoding: "utf8" }), 10);
    if (major >= 18 && major < 24) return file;
  }
  return null;
}
