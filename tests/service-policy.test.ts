import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { removeLeftPolicy, withoutServices } from "./service-policy.ts";

let folder = "";
let file = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fidus-policy-"));
  file = join(folder, "policy-rc.d");
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** What a run leaves that is killed in the middle of its work. */
async function killedRun(): Promise<void> {
  const program = `
    const { withoutServices } = await import(${JSON.stringify(join(import.meta.dirname, "service-policy.ts"))});
    await withoutServices(async () => process.kill(process.pid, "SIGKILL"), ${JSON.stringify(file)});`;
  const [code, signal] = (await once(spawn(process.execPath, ["--input-type=module", "-e", program]), "exit")) as unknown[];
  expect([code, signal]).toEqual([null, "SIGKILL"]);
}

test("during the work services are forbidden by an executable file, afterwards it is gone, also after a failure", async () => {
  await withoutServices(async () => {
    expect(readFileSync(file, "utf8")).toMatch(/^#!\/bin\/sh\n.*\nexit 101\n$/);
    expect(statSync(file).mode & 0o111).toBe(0o111);
  }, file);
  expect(existsSync(file)).toBe(false);
  await expect(withoutServices(() => Promise.reject(new Error("no network")), file)).rejects.toThrow("no network");
  expect(existsSync(file)).toBe(false);
});

test("what a killed run left is removed by the next one, whether it installs or not", async () => {
  await killedRun();
  expect(existsSync(file)).toBe(true);
  await removeLeftPolicy(file);
  expect(existsSync(file)).toBe(false);
  await killedRun();
  await withoutServices(async () => expect(readFileSync(file, "utf8")).toContain(`process ${process.pid}`), file);
  expect(existsSync(file)).toBe(false);
});

test("a policy of somebody else stays, and so does that of a run that lives", async () => {
  const living = `#!/bin/sh\n# fidus tests, process ${process.ppid}\nexit 101\n`;
  for (const text of ["#!/bin/sh\nexit 101\n", `${living.replace(String(process.ppid), "999999999")}# mine\n`, living]) {
    writeFileSync(file, text);
    await removeLeftPolicy(file);
    await withoutServices(() => Promise.resolve(), file);
    expect(readFileSync(file, "utf8")).toBe(text);
  }
});
