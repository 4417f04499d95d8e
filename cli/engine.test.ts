import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { CliContext } from "./context.ts";
import { pulumiEngine, type PulumiEngine } from "./engine.ts";
import { installationAt } from "./installation.ts";
import { resolvePaths } from "./paths.ts";

const home = mkdtempSync(join(tmpdir(), "fidus-engine-says-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** An engine that prints this and ends with that. */
function engineThatSays(said: string, exitCode: number): PulumiEngine {
  const env = { ...process.env, XDG_DATA_HOME: join(home, "data"), XDG_CACHE_HOME: join(home, "cache") };
  const paths = resolvePaths(env);
  mkdirSync(paths.toolchainBin, { recursive: true });
  writeFileSync(join(paths.toolchainBin, "pulumi"), `#!/bin/sh\ncat <<'END'\n${said}\nEND\nexit ${exitCode}\n`, { mode: 0o755 });
  const ctx = { paths, env, signal: new AbortController().signal } as unknown as CliContext;
  return pulumiEngine(ctx, installationAt(paths, "a1b2c3", home), "community");
}

/** The failure of an engine that says these events and ends with 1. */
async function failureOf(...events: object[]): Promise<unknown> {
  const engine = engineThatSays(events.map((event) => JSON.stringify(event)).join("\n"), 1);
  return engine.run("up", [], () => undefined).catch((error: unknown) => error);
}

const diagnostic = (severity: string, message: string): object => ({ diagnosticEvent: { severity, message } });
const printed = diagnostic("info#err", "Error: 14 UNAVAILABLE\n");

test("a failure says what the engine calls an error", async () => {
  const failure = await failureOf(printed, diagnostic("error", "no such volume\n"), diagnostic("error", "update failed"));
  expect(failure).toMatchObject({ code: "engine-failed", message: "the engine's up failed\n  no such volume" });
});

test("where the engine names none, it says what the program printed as errors", async () => {
  expect(await failureOf(diagnostic("info", "hello"), printed)).toMatchObject({
    code: "engine-failed",
    message: "the engine's up failed\n  Error: 14 UNAVAILABLE",
  });
});

test("a preview is the engine's document, refused or not; anything else is a failure", async () => {
  expect(await engineThatSays('{"steps":[]}', 0).preview()).toEqual({ text: '{"steps":[]}', exitCode: 0 });
  expect(await engineThatSays('{"diagnostics":[]}', 255).preview()).toEqual({ text: '{"diagnostics":[]}', exitCode: 255 });
  await expect(engineThatSays("error: no stack", 6).preview()).rejects.toMatchObject({ code: "engine-failed" });
});
