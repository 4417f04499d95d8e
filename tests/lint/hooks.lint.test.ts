import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

const repository = join(import.meta.dirname, "../..");
const timeout = 30_000;

let folder = "";

// A repository of its own that uses our hooks, with rules of its own that are quick to break.
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fidus-hooks-"));
  git("init", "--quiet");
  cpSync(join(repository, ".githooks"), join(folder, ".githooks"), { recursive: true });
  symlinkSync(join(repository, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "cli"));
  write("cli/bootstrap.mjs", "process.stdout.write(process.execPath);");
  write("eslint.config.js", 'export default [{ rules: { "no-var": "error" } }];\n');
  write("package.json", '{ "type": "module" }\n');
  write(".gitignore", "node_modules\n");
  git("config", "core.hooksPath", ".githooks");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function git(...args: string[]): { status: number | null; stderr: string } {
  const identity = ["-c", "user.name=Test", "-c", "user.email=test@example.com"];
  const env = { ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", FIDUS_BOOTSTRAP_NODE: process.execPath };
  const { status, stderr, stdout } = spawnSync("git", [...identity, ...args], { cwd: folder, env, encoding: "utf8" });
  return { status, stderr: stderr + stdout };
}

function write(path: string, text: string): void {
  writeFileSync(join(folder, path), text);
}

function commit(message: string): { status: number | null; stderr: string } {
  return git("commit", "--quiet", "--allow-empty", "-m", message);
}

describe("a commit message", () => {
  test.each(["feat: a model table", "fix(cli): wait for the lock", "chore!: drop Node 22", "Merge branch 'a'"])(
    "like %j is accepted [R-17]",
    (message) => {
      expect(commit(message)).toMatchObject({ status: 0 });
    },
  );

  test.each(["a model table", "feat:", "feat:no space", "feature: x", `feat: ${"x".repeat(100)}`])(
    "like %j is refused",
    (message) => {
      const { status, stderr } = commit(message);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^commit message: got .*; needs .*\. git commit --amend$/m);
    },
  );
});

describe("a commit", () => {
  test("of well-formed files is accepted [R-17]", { timeout }, () => {
    write("good.js", "export const x = 1;\n");
    git("add", "good.js");
    expect(commit("feat: good")).toMatchObject({ status: 0 });
  });

  test("of a file that is not formatted is refused with the repair, and the file is left alone", { timeout }, () => {
    write("bad.js", "export   const x=1");
    git("add", "bad.js");
    const { status, stderr } = commit("feat: bad");
    expect(status).toBe(1);
    expect(stderr).toContain("npm run format");
    expect(git("diff", "--name-only").stderr).toBe("");
  });

  test("of a file that breaks a rule is refused with the rule", { timeout }, () => {
    write("bad.js", "export var x = 1;\n");
    git("add", "bad.js");
    const { status, stderr } = commit("feat: bad");
    expect(status).toBe(1);
    expect(stderr).toContain("no-var");
  });
});
