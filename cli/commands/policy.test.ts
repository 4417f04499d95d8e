import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { previewOf } from "../../cost/testing.ts";
import { runCli, type Ended } from "../testing.ts";
import { line } from "./policy.ts";

const home = mkdtempSync(join(tmpdir(), "fidus-policy-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

/** A plan with up to 12 GPUs: 3 machines with 4 of them. */
const plan = previewOf([
  {
    type: "aws:eks/nodeGroup:NodeGroup",
    inputs: {
      tags: { "fidus.edition": "enterprise-region", "fidus.stack": "shop", "fidus.version": "1.0.0" },
      instanceTypes: ["g6.12xlarge"],
      scalingConfig: { maxSize: 3 },
    },
  },
]);
const file = join(home, "plan.json");
writeFileSync(file, plan);
const policy = (...args: string[]): Promise<Ended> => runCli(home, ["policy", "--plan", file, ...args]);

test("a plan that keeps every rule ends with 0, and one that breaks one with 3 and names it", async () => {
  expect(await policy("--max-gpus", "12")).toEqual({ code: 0, stdout: "1 resources keep every rule.\n", stderr: "" });
  const { code, stdout } = await policy();
  expect([code, stdout]).toEqual([3, expect.stringContaining("up to 12 GPUs may run, 8 are allowed")]);
});

test("programs read the findings as JSON", async () => {
  const { code, stdout } = await policy("--json");
  expect([code, JSON.parse(stdout)]).toMatchObject([3, { ok: false, resources: 1, findings: [{ rule: "gpu-limit" }] }]);
});

test("- reads the plan from standard input", async () => {
  const main = join(import.meta.dirname, "../main.ts");
  const env = { PATH: process.env["PATH"], HOME: home };
  const ended = new Promise<number | string | null | undefined>((resolve) => {
    const child = execFile(process.execPath, [main, "policy", "--plan", "-"], { env }, (error) => resolve(error?.code ?? 0));
    child.stdin?.end(plan);
  });
  expect(await ended).toBe(3);
});

test.each(["no JSON", "{}", '{"steps":[]'])("what is no plan ends with 2: %s", async (text) => {
  const bad = join(home, "bad.json");
  writeFileSync(bad, text);
  const { code, stderr } = await runCli(home, ["policy", "--plan", bad]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("bad.json")]);
});

test.each(["policy", "deploy"])("%s refuses a limit that is no number, with 2", async (command) => {
  const args = command === "policy" ? ["--plan", file] : ["acme"];
  const { code, stderr } = await runCli(home, [command, ...args, "--max-gpus", "many"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("needs a whole number from 0 to 9999")]);
});

const finding = (name: string) => ({
  rule: "tags" as const,
  level: "violation" as const,
  urn: `urn:pulumi:shop::fidus::hcloud:index/server:Server::${name}`,
  message: "labels lack edition",
  fix: "Give it labels.",
});

test("a finding is one line with rule, type, name, message and fix", () => {
  expect(line(finding("web"))).toBe("✗ tags: hcloud:index/server:Server web: labels lack edition. Give it labels.");
  expect(line({ ...finding("web"), level: "unknown" })).toMatch(/^\? tags/);
});

test("a name that holds :: is shown whole, and nothing in it reaches a terminal or a CI runner as a command", () => {
  const hostile = "a\u001b[31m\u001b]0;title\u0007\n::error::b\u202e\u0000";
  expect(line(finding(hostile))).toBe(
    "✗ tags: hcloud:index/server:Server a·[31m·]0;title··::error::b··: labels lack edition. Give it labels.",
  );
});
