import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { appAdmin } from "../app-admin.ts";
import { runCli } from "../testing.ts";
import { usageTable } from "./usage.ts";

let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "fidus-usage-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const used = {
  from: "2026-11-01T00:00:00.000Z",
  to: "2026-12-01T00:00:00.000Z",
  usage: [
    { user: "ann@test", model: "big", calls: 12, promptTokens: 100, completionTokens: 2000, estimatedCalls: 1, costUsd: "1.25" },
    { user: null, model: "small", calls: 1, promptTokens: 7, completionTokens: 3, estimatedCalls: 0, costUsd: "0.00" },
  ],
};

test("is shown as a table for people, dearest first as the application gives it", () => {
  expect(
    usageTable(used, ["user", "model"])
      .split("\n")
      .map((line) => line.replaceAll(/ {2,}/g, " | ")),
  ).toEqual([
    "From 2026-11-01 00:00 to 2026-12-01 00:00 UTC",
    "",
    "PERSON | MODEL | CALLS | TOKENS IN | TOKENS OUT | ESTIMATED | USD",
    "ann@test | big | 12 | 100 | 2000 | 1 | 1.25",
    "deleted account | small | 1 | 7 | 3 | 0 | 0.00",
  ]);
  expect(usageTable({ ...used, usage: [] }, ["user"])).toBe("Nothing was used from 2026-11-01 00:00 to 2026-12-01 00:00 UTC.");
});

test("the application is asked inside its container, with what was asked for", async () => {
  const calls: (readonly string[])[] = [];
  const admin = appAdmin(async (args) => {
    calls.push(args);
    return args.includes("--csv") ? "user,calls\r\n" : JSON.stringify(used);
  }, "fidus-api-1");
  expect(await admin.usage({ from: "2026-11-01", to: null, by: ["user", "model"] })).toEqual(used);
  expect(await admin.usageCsv({ from: null, to: "2026-11-30", by: ["day"] })).toBe("user,calls\r\n");
  const inside = ["exec", "fidus-api-1", "node", "/app/main.js", "usage"];
  expect(calls).toEqual([
    [...inside, "--from", "2026-11-01", "--by", "user,model"],
    [...inside, "--to", "2026-11-30", "--by", "day", "--csv"],
  ]);
});

test("every wrong word is named at once, and nothing is made", async () => {
  const args = ["usage", "--from", "2026-02-30", "--to", "yesterday", "--by", "user,colour"];
  const { code, stderr } = await runCli(home, args);
  expect(code).toBe(2);
  for (const path of ["--from", "--to", "--by"]) expect(stderr).toContain(`${path}: got`);
  expect((await runCli(home, ["usage", "--csv", "--json"])).code).toBe(2);
  expect((await runCli(home, ["usage", "--from", "2026-11-02", "--to", "2026-11-01"])).stderr).toContain("a day not after --to");
  expect(existsSync(join(home, "data"))).toBe(false);
});

test("a stack that is not there is refused with the command that makes it", async () => {
  const { code, stderr } = await runCli(home, ["usage", "acme"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("there is no such stack")]);
});
