import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const scripts = readdirSync(import.meta.dirname, { withFileTypes: true, recursive: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name))
  .filter((path) => readFileSync(path, "utf8").startsWith("#!"));

test("images, containers and hosts have the scripts this tier is about", () => {
  expect(scripts.length).toBeGreaterThanOrEqual(16);
});

test.each(scripts)("bash and shellcheck accept %s", (path) => {
  execFileSync("bash", ["-n", path]);
  // The tier installs shellcheck when it may; a missing one fails here by name instead of passing unseen.
  const checked = spawnSync("shellcheck", ["--shell=bash", path], { encoding: "utf8" });
  expect(checked.error?.message ?? checked.stdout).toBe("");
});
