import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { previousVersion } from "./previous.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fidus-history-"));
  git("init", "--quiet");
  mkdirSync(join(folder, "app/migrations"), { recursive: true });
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function git(...args: string[]): string {
  const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" }).trim();
}

/** A commit that brings this migration; returns its id. */
function commit(migration: string): string {
  writeFileSync(join(folder, "app/migrations", migration), "-- Up Migration\n");
  git("add", ".");
  git("commit", "--quiet", "--no-verify", "--message", migration);
  return git("rev-parse", "HEAD");
}

test("the previous version is the last release before this commit, with the number of its last migration", () => {
  commit("0001_one.sql");
  git("tag", "v1.0.0");
  const released = commit("0002_two.sql");
  git("tag", "v1.1.0");
  commit("0003_three.sql");
  expect(previousVersion(folder)).toEqual({ name: "v1.1.0", commit: released, schema: 2 });
});

test("of a release itself the previous version is the one before it, and other tags are none", () => {
  const released = commit("0001_one.sql");
  git("tag", "v1.0.0");
  commit("0002_two.sql");
  git("tag", "nightly");
  commit("0003_three.sql");
  git("tag", "v1.1.0");
  expect(previousVersion(folder)).toEqual({ name: "v1.0.0", commit: released, schema: 1 });
});

test("a clone without the history is refused with the command that gets it", () => {
  commit("0001_one.sql");
  commit("0002_two.sql");
  const shallow = `${folder}/shallow`;
  git("clone", "--quiet", "--depth", "1", `file://${folder}`, shallow);
  const rule = "needs ffaaddd[0-9a-f]+, which the tests of updates build. git fetch --unshallow --tags$";
  expect(() => previousVersion(shallow)).toThrow(new RegExp(`shallow: got a shallow clone; ${rule}`));
  expect(() => previousVersion(folder)).toThrow(new RegExp(`got no such commit; ${rule}`));
});
