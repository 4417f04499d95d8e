import { execFileSync, spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";

test("dash and shellcheck accept the first program of a test host", () => {
  const script = join(import.meta.dirname, "boot.sh");
  execFileSync("dash", ["-n", script]);
  const checked = spawnSync("shellcheck", ["--shell=dash", script], { encoding: "utf8" });
  expect(checked.error?.message ?? checked.stdout).toBe("");
});
