import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../infra/core/eventually.ts";
import { EngineProject } from "./providers/testing/engine.ts";

/** The language host under the real engine. Oracle: facts/pulumi-engine.md 1.2, what the published host of this version does. */
let project: EngineProject;
const limit = { timeout: 120_000 };

beforeAll(async () => {
  project = await EngineProject.create();
}, 60_000);
afterAll(() => project[Symbol.asyncDispose]());
beforeEach(() => project.reset());

test("runs a TypeScript program with its config and shows what it prints", limit, async () => {
  await project.run("config", "set", "greeting", "hello");
  await project.run("config", "set", "--secret", "token", "s3cret");
  await project.program(`console.log("to-out"); console.error("to-err");
    const config = new pulumi.Config();
    return { greeting: config.require("greeting"), secret: pulumi.isSecret ? config.requireSecret("token") : null, dry: pulumi.runtime.isDryRun() };`);
  const { code, output } = await project.up();
  expect(code).toBe(0);
  expect(output).toMatch(/ to-out\n/);
  expect(output).toMatch(/ to-err\n/);
  const secret: unknown = expect.objectContaining({ ciphertext: expect.any(String) });
  expect(await project.outputs()).toEqual({ greeting: "hello", secret, dry: false });
  await project.expectNoChange();
});

test("starts the SDK without what only a serialised function needs, which is loaded for one", limit, async () => {
  await project.program(`const { Module, createRequire } = await import("node:module");
    const { cache } = createRequire(import.meta.url);
    const loaded = (part) => Object.values(cache).some((entry) => entry instanceof Module && entry.filename.includes("/node_modules/" + part));
    const late = () => ["typescript/", "@npmcli/arborist/", "@opentelemetry/sdk-trace", "source-map-support/"].filter(loaded);
    const before = late();
    const { text } = await pulumi.runtime.serializeFunction((n) => n + 41);
    await pulumi.runtime.computeCodePaths();
    return { sdk: loaded("@pulumi/pulumi/"), before, after: late(), serialised: text.includes("n + 41") };`);
  const { code, output } = await project.up();
  expect(code, output).toBe(0);
  expect(await project.outputs()).toEqual({
    sdk: true,
    before: [],
    after: ["typescript/", "@npmcli/arborist/"],
    serialised: true,
  });
});

test("reports a thrown error once and fails", limit, async () => {
  await project.program(`throw new pulumi.RunError("the reason");`);
  const { code, output } = await project.up();
  expect(code).not.toBe(0);
  expect(output).toContain("the reason");
  expect(output).not.toContain("non-zero exit code"); // exit 32: the error has been shown
});

test("names the exit code of a program that ends by itself", limit, async () => {
  await project.program(`process.exit(7);`);
  expect((await project.up()).output).toContain("Program exited with non-zero exit code: 7");
});

test("ends the program when the user interrupts", limit, async () => {
  await project.program(`console.log("pid " + process.pid + " waits"); setInterval(() => 0, 1000); await new Promise(() => 0);`);
  const up = project.start("up", "--yes", "--skip-preview");
  await up.seen(/pid \d+ waits/);
  up.process.kill("SIGINT");
  const { code, output } = await up.ended;
  expect(code).not.toBe(0);
  const pid = Number(/pid (\d+) waits/.exec(output)?.[1]);
  await eventually("the program is gone", () => !isRunning(pid));
});

test("asks for a newer Node where PATH has one that runs no TypeScript", limit, async () => {
  const old = join(project.directory, "old");
  await mkdir(old, { recursive: true });
  await writeFile(join(old, "node"), "#!/bin/sh\necho v20.1.0\n", { mode: 0o755 });
  const path = project.env["PATH"];
  project.env["PATH"] = `${old}:${path}`;
  try {
    expect((await project.up()).output).toContain("PATH: got node v20.1.0; needs Node 24 or newer to run index.ts.");
  } finally {
    project.env["PATH"] = path;
  }
});

test("tells how to install a missing SDK, and reports the program's packages to pulumi about", limit, async () => {
  await project.program("return {};");
  const { output } = await project.run("about");
  expect(output).toMatch(/executable='.*node' version='v2\d/);
  await rm(join(project.directory, "program/node_modules"));
  expect((await project.up()).output).toContain("needs the Pulumi SDK installed. npm ci --ignore-scripts");
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
