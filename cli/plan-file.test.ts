import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { readPlanFile } from "./plan-file.ts";
import { runCli } from "./testing.ts";

const home = mkdtempSync(join(tmpdir(), "fidus-plan-file-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const file = (name: string, content = ""): string => {
  writeFileSync(join(home, name), content);
  return join(home, name);
};
const signal = new AbortController().signal;

test("a plan of the largest size is read, and one byte more is refused with the size", async () => {
  expect(await readPlanFile(file("ten", "0123456789"), signal, 10)).toBe("0123456789");
  await expect(readPlanFile(file("eleven", "0123456789a"), signal, 10)).rejects.toMatchObject({ exitCode: 2 });
});

test("what grows while it is read, such as a pipe, is stopped at the same size", async () => {
  await expect(readPlanFile("/dev/zero", signal, 1_000)).rejects.toMatchObject({ exitCode: 2 });
});

test.each(["preview", "policy"])("%s refuses a plan of 600 MB at once, and says how much it reads", async (command) => {
  const huge = file("huge.json");
  truncateSync(huge, 600_000_000);
  const { code, stderr } = await runCli(home, [command, "--plan", huge]);
  expect(code).toBe(2);
  expect(stderr).toContain(
    'got "600 MB or more"; needs 256 MB at most. One preview alone: pulumi preview --json --show-sames > ',
  );
});

test.each([
  ["that is not there", join(home, "none"), "ENOENT"],
  ["that is a folder", home, "EISDIR"],
])("a plan %s is refused with the command that writes one", async (_, path, got) => {
  const { code, stderr } = await runCli(home, ["policy", "--plan", path]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`"${got}"; needs a file that can be read. pulumi preview`)]);
});

test.each([
  ["two budgets", ["--budget", "1EUR", "--budget", "2EUR"], "--budget <money>"],
  ["two plans", ["--plan", "a.json"], "--plan <file>"],
  ["two allowances", ["--allow-unpriced", "0", "--allow-unpriced", "1"], "It is there twice."],
  ["two formats", ["--json", "--markdown"], "--markdown"],
  ["two rates of a pair", ["--rate", "USD/EUR=0.9", "--rate", "USD/EUR=0.8"], "USD/EUR twice"],
])("%s contradict each other and are refused, exit 2", async (_, more, said) => {
  const { code, stdout, stderr } = await runCli(home, ["preview", "--plan", file("plan.json", "{}"), ...more]);
  expect([code, stdout + stderr]).toEqual([2, expect.stringContaining(said)]);
});

test("rates of two pairs and overrides of two resources do not", async () => {
  const more = ["--rate", "USD/EUR=0.9", "--rate", "EUR/USD=1.1", "--allow-data-loss", "a", "--allow-data-loss", "b"];
  const { stderr } = await runCli(home, ["preview", "--plan", file("plan.json", "{}"), ...more]);
  expect(stderr).toContain("JSON without the steps");
});
