import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runCli } from "../testing.ts";

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "fidus-choose-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

test("looking at what is chosen makes no installation and no stack", async () => {
  const { code, stdout } = await runCli(home, ["choose"]);
  expect([code, stdout]).toEqual([0, "Nothing is chosen yet. The first up chooses: ./fidus up community\n"]);
  const asJson = await runCli(home, ["choose", "--json"]);
  expect(JSON.parse(asJson.stdout)).toEqual({ stack: "community", changed: [], choices: {} });
  expect(existsSync(join(home, "data"))).toBe(false);
});

test("a choice makes them, and is shown from then on", async () => {
  expect(await runCli(home, ["choose", "--port", "3100"])).toMatchObject({ code: 0 });
  expect((await runCli(home, ["choose"])).stdout).toContain("pagePort: 3100");
});

test("looking at a stack that is not there is refused, and makes none either", async () => {
  const { code, stderr } = await runCli(home, ["choose", "acme"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("there is no such stack")]);
  expect(existsSync(join(home, "data"))).toBe(false);
});
