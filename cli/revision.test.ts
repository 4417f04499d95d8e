import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { parseBase, withRevision } from "./revision.ts";

const folder = mkdtempSync(join(tmpdir(), "fidus-revision-"));
const checkout = join(folder, "checkout");
// Folders of revisions are made in the temporary folder of this test.
vi.stubEnv("TMPDIR", folder);
const { signal } = new AbortController();
const lock = (version: string): string =>
  `${JSON.stringify({ name: "x", version, lockfileVersion: 3, packages: { "": { name: "x", version } } })}\n`;

async function git(...args: string[]): Promise<string> {
  const identity = ["-c", "user.name=A Tester", "-c", "user.email=tester@fidus.test"];
  return (await execa("git", [...identity, ...args], { cwd: checkout })).stdout;
}

/** What a caller would notice: branch, index, files, and worktrees. */
const traces = async (): Promise<string[]> =>
  Promise.all([git("status", "--porcelain", "--branch"), git("worktree", "list"), Promise.resolve(readdirSync(folder).join())]);

beforeAll(async () => {
  mkdirSync(join(checkout, "node_modules/left-pad"), { recursive: true });
  await git("init", "--quiet", "--initial-branch=main");
  writeFileSync(join(checkout, ".git/info/exclude"), "node_modules\n");
  const write = (version: string): void => {
    writeFileSync(join(checkout, "package.json"), `${JSON.stringify({ name: "x", version })}\n`);
    writeFileSync(join(checkout, "package-lock.json"), lock(version));
  };
  write("1.0.0");
  writeFileSync(join(checkout, "program.txt"), "first");
  // A hook would run for every worktree.
  writeFileSync(join(checkout, ".git/hooks/post-checkout"), `#!/bin/sh\ntouch ${folder}/hook-ran\n`, { mode: 0o755 });
  await git("add", ".");
  await git("commit", "--quiet", "-m", "first");
  await git("tag", "v1");
  write("2.0.0");
  await git("commit", "--quiet", "-am", "second");
  writeFileSync(join(checkout, "program.txt"), "third");
  await git("commit", "--quiet", "-am", "third");
});
afterAll(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const base = (text: string): ReturnType<typeof parseBase> => parseBase(text, checkout, signal);

test("--base is a revision, a file, or standard input", async () => {
  const commit = await git("rev-parse", "HEAD~1");
  expect(await base("HEAD~1")).toEqual({ kind: "revision", revision: { named: "HEAD~1", commit } });
  expect(await base("main")).toMatchObject({ kind: "revision", revision: { named: "main" } });
  const file = join(folder, "plan.json");
  writeFileSync(file, "{}");
  expect(await base(file)).toEqual({ kind: "file", file });
  expect(await base("./main")).toEqual({ kind: "file", file: "./main" });
  expect(await base("-")).toEqual({ kind: "file", file: "-" });
  rmSync(file);
});

test("a revision that does not exist, a name that is a file too, and a name that is a branch and a tag are refused with the way out", async () => {
  const problem = async (text: string): Promise<unknown> =>
    base(text).catch((error: { problems: object[]; exitCode: number }) => [error.exitCode, error.problems]);
  expect(await problem("nowhere")).toMatchObject([
    2,
    [{ got: "nowhere", rule: "a recorded preview, or a revision of this checkout" }],
  ]);
  expect(await problem("--output=/etc/passwd")).toMatchObject([2, [{ path: "--base" }]]);
  await git("branch", "README.md");
  expect(existsSync("README.md")).toBe(true);
  expect(await problem("README.md")).toMatchObject([2, [{ fix: "--base ./README.md, or --base refs/heads/README.md" }]]);
  await git("branch", "v1");
  expect(await problem("v1")).toMatchObject([2, [{ rule: expect.stringContaining("several"), fix: "--base refs/heads/v1" }]]);
  expect(await base("refs/heads/v1")).toMatchObject({ kind: "revision" });
});

test("a revision with the same lock file shares the caller's packages, and nothing of it is left or touched afterwards", async () => {
  const before = await traces();
  writeFileSync(join(checkout, "program.txt"), "not committed");
  const seen = await withRevision({ named: "HEAD~1", commit: await git("rev-parse", "HEAD~1") }, { checkout, signal }, (at) =>
    Promise.resolve([readFileSync(join(at, "program.txt"), "utf8"), realpathSync(join(at, "node_modules"))]),
  );
  expect(seen).toEqual(["first", realpathSync(join(checkout, "node_modules"))]);
  expect(readFileSync(join(checkout, "program.txt"), "utf8")).toBe("not committed");
  writeFileSync(join(checkout, "program.txt"), "third");
  expect(await traces()).toEqual(before);
  expect(readdirSync(join(checkout, "node_modules"))).toEqual(["left-pad"]);
});

test("a revision with another lock file gets packages of its own", async () => {
  const packages = await withRevision(
    { named: "v1", commit: await git("rev-parse", "v1^{commit}") },
    { checkout, signal },
    (at) => Promise.resolve([existsSync(join(at, "node_modules/left-pad")), readFileSync(join(at, "package-lock.json"), "utf8")]),
  );
  expect(packages).toEqual([false, lock("1.0.0")]);
  expect(existsSync(join(folder, "hook-ran"))).toBe(false);
}, 60_000);

test("after a failure and after Ctrl-C the folder is gone too", async () => {
  const before = await traces();
  const revision = { named: "HEAD", commit: await git("rev-parse", "HEAD") };
  const failed = withRevision(revision, { checkout, signal }, () => Promise.reject(new Error("refused")));
  await expect(failed).rejects.toThrow("refused");
  const stopping = new AbortController();
  const stopped = withRevision(revision, { checkout, signal: stopping.signal }, () => {
    stopping.abort(new Error("stopped by SIGINT"));
    return Promise.reject(stopping.signal.reason as Error);
  });
  await expect(stopped).rejects.toThrow("stopped by SIGINT");
  await expect(withRevision(revision, { checkout, signal: stopping.signal }, () => Promise.resolve(1))).rejects.toThrow();
  await expect(
    withRevision({ named: "gone", commit: "f".repeat(40) }, { checkout, signal }, () => Promise.resolve(1)),
  ).rejects.toThrow("the program of gone cannot be set up");
  expect(await traces()).toEqual(before);
});
