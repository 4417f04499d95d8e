import { cp, mkdir, readFile, readdir, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execa } from "execa";
import { expect, test } from "vitest";
import { executableOf, layoutOf } from "./layout.ts";
import { keepNode, keptNode } from "./node.ts";
import { buildStandIn, standInDigest } from "./stand-ins.ts";
import { emptyMachine, writeScript, type TestSetup } from "./testing.ts";

async function machineWithNode(): Promise<TestSetup> {
  const machine = await emptyMachine();
  await keepNode(machine.run);
  return machine;
}

const none = { env: {}, extendEnv: false } as const;

test("a stand-in runs on the kept Node, with its arguments, whatever PATH says", async () => {
  const machine = await machineWithNode();
  await buildStandIn(machine.run, "language-host");
  await buildStandIn(machine.run, "tls");
  const host = await execa(executableOf(machine.run.layout, "language-host"), ["127.0.0.1:1", "two words"], none);
  expect(host.stdout).toBe("4711 127.0.0.1:1 two words");
  expect((await execa(executableOf(machine.run.layout, "tls"), none)).stdout).toBe(`4711 tls ${process.version}`);
});

test("the engine's signals reach the stand-in: the launcher is replaced by it", async () => {
  const machine = await machineWithNode();
  await writeFile(join(machine.run.sources, "providers/tls.ts"), "console.log(process.pid);\n");
  await buildStandIn(machine.run, "tls");
  const child = execa(executableOf(machine.run.layout, "tls"), none);
  expect(Number((await child).stdout)).toBe(child.pid);
});

test("the toolchain's folder can be moved as a whole", async () => {
  const machine = await machineWithNode();
  await buildStandIn(machine.run, "random");
  const elsewhere = join(machine.folder, "else where");
  await rename(machine.root, elsewhere);
  const path = executableOf(layoutOf({ root: elsewhere }), "random");
  expect((await execa(path, none)).stdout).toBe(`4711 random ${process.version}`);
});

test("what Node compiles of a stand-in is kept in the toolchain's folder, or where the environment says", async () => {
  const machine = await machineWithNode();
  await buildStandIn(machine.run, "language-host");
  const path = executableOf(machine.run.layout, "language-host");
  const elsewhere = join(machine.folder, "elsewhere");
  await execa(path, { env: { NODE_COMPILE_CACHE: elsewhere }, extendEnv: false });
  expect(await readdir(elsewhere)).toHaveLength(1);
  await expect(readdir(machine.run.layout.compiled)).rejects.toThrow("ENOENT");
  await execa(path, none);
  expect(await readdir(machine.run.layout.compiled)).toHaveLength(1);
});

test("ssh2 works from the bundle without its native parts", async () => {
  const machine = await machineWithNode();
  const program = `import ssh2 from "ssh2";
const { private: key, public: open } = ssh2.utils.generateKeyPairSync("ed25519");
console.log(key.includes("OPENSSH"), open.startsWith("ssh-ed25519 "), typeof ssh2.Client);
`;
  // The package is found from this checkout: its own test folder has none.
  const sources = join(import.meta.dirname, "..", "node_modules", ".cache", `fidus-stand-in-test-${process.pid}`);
  await cp(machine.run.sources, sources, { recursive: true });
  try {
    await writeFile(join(sources, "providers/command.ts"), program);
    const run = { ...machine.run, sources };
    const { files } = await buildStandIn(run, "command");
    const text = await readFile(files[1]?.path ?? "", "utf8");
    expect(text).not.toMatch(/require\(["'][^"']*\.node["']\)/);
    await rm(sources, { recursive: true });
    expect((await execa(executableOf(machine.run.layout, "command"), none)).stdout).toBe("true true function");
  } finally {
    await rm(sources, { recursive: true, force: true });
  }
});

test("a newer bundle takes the place of an older one, which goes after a day: another checkout may be using it", async () => {
  const machine = await machineWithNode();
  const { standIns } = machine.run.layout;
  await buildStandIn(machine.run, "tls");
  await buildStandIn(machine.run, "random");
  const [first = ""] = (await readdir(standIns)).filter((name) => name.includes("-tls-"));
  await writeFile(join(machine.run.sources, "providers/tls.ts"), 'console.log("new");\n');
  await buildStandIn(machine.run, "tls");
  expect((await execa(executableOf(machine.run.layout, "tls"), none)).stdout).toBe("new");
  expect(await readdir(standIns)).toHaveLength(3);
  const twoDaysAgo = Date.now() / 1000 - 172_800;
  await utimes(join(standIns, first), twoDaysAgo, twoDaysAgo);
  await buildStandIn(machine.run, "tls");
  const left = await readdir(standIns);
  expect(left).toHaveLength(2);
  expect(left).not.toContain(first);
});

test("a source that cannot be bundled leaves the old bundle working and says where the fault is", async () => {
  const machine = await machineWithNode();
  await buildStandIn(machine.run, "tls");
  await writeFile(join(machine.run.sources, "providers/tls.ts"), "const = 1;\n");
  await expect(buildStandIn(machine.run, "tls")).rejects.toThrow(/providers\/tls\.ts cannot be bundled/);
  expect((await execa(executableOf(machine.run.layout, "tls"), none)).stdout).toBe(`4711 tls ${process.version}`);
});

test("a new version of a bundled package is a new digest", async () => {
  const machine = await machineWithNode();
  const installed = join(machine.run.sources, "node_modules/@scope/words");
  await mkdir(installed, { recursive: true });
  const install = async (version: string): Promise<void> => {
    await writeFile(join(installed, "package.json"), JSON.stringify({ name: "@scope/words", version, main: "main.js" }));
    await writeFile(join(installed, "main.js"), `module.exports = "version ${version}";\n`);
  };
  await install("1.0.0");
  await writeFile(join(machine.run.sources, "providers/tls.ts"), 'import words from "@scope/words";\nconsole.log(words);\n');
  const { digest, inputs } = await buildStandIn(machine.run, "tls");
  expect(inputs).toEqual(["node_modules/@scope/words/package.json", "providers/tls.ts"]);
  expect(await standInDigest(machine.run, "tls", inputs)).toBe(digest);
  await install("1.0.1");
  expect(await standInDigest(machine.run, "tls", inputs)).not.toBe(digest);
});

test("two checkouts with equal sources share a bundle, a different one has another digest", async () => {
  const [one, two] = [await machineWithNode(), await machineWithNode()];
  const { digest, inputs } = await buildStandIn(one.run, "tls");
  expect(inputs).toEqual(["providers/shared.ts", "providers/tls.ts"]);
  expect(await standInDigest(two.run, "tls", inputs)).toBe(digest);
  await writeFile(join(two.run.sources, "providers/shared.ts"), "export const port: number = 1;\n");
  expect(await standInDigest(two.run, "tls", inputs)).not.toBe(digest);
  expect(await standInDigest(two.run, "random", inputs)).toBeNull(); // a list of another part
});

test("a Node inside node_modules is kept, so that git clean cannot take it away", async () => {
  const machine = await emptyMachine();
  const inside = join(machine.folder, "checkout/node_modules/node/bin/node");
  await writeScript(inside, "echo kept");
  expect(await keepNode(machine.run, inside)).toEqual({ path: join(machine.root, "bin/node"), version: process.versions.node });
  await rm(join(machine.folder, "checkout"), { recursive: true });
  expect((await execa(join(machine.root, "bin/node"))).stdout).toBe("kept");
});

test("an installed Node is linked, and kept anew when it is replaced", async () => {
  const machine = await emptyMachine();
  const installed = join(machine.folder, "opt/node");
  await writeScript(installed, "echo linked");
  await keepNode(machine.run, installed);
  expect(await keptNode(machine.run, installed)).not.toBeNull();
  expect((await stat(join(machine.root, "bin/node"))).ino).toBe((await stat(installed)).ino);
  await writeScript(installed, "echo another one");
  expect(await keptNode(machine.run, installed)).toBeNull();
  await keepNode(machine.run, installed);
  expect((await execa(join(machine.root, "bin/node"))).stdout).toBe("another one");
});
