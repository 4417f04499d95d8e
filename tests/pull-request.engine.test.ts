import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { zipSync } from "fflate";
import { afterAll, beforeAll, expect, test } from "vitest";
import { GitHubStandIn } from "./tools/github-api.ts";
import { filled, readWorkflow, runStep, type Expressions } from "./tools/workflow.ts";

/**
 * A pull request from its first push to its second: the commands of both workflows as they are committed, a real repository, the
 * real engine over simulated clouds; GitHub's API is a stand-in, and what the actions do (checkout, upload) is done here.
 */
const checkout = join(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "fidus-pull-request-"));
const project = join(folder, "project");
const workspace = join(folder, "workspace");
const preview = readWorkflow("preview.yml");
const posting = readWorkflow("preview-comment.yml");
const stacks = ["starter", "enterprise-global"] as const;
let github: GitHubStandIn;

const git = async (cwd: string, ...args: string[]): Promise<string> => {
  const identity = ["-c", "user.name=A Tester", "-c", "user.email=tester@fidus.test", "-c", "core.hooksPath=/dev/null"];
  return (await execa("git", [...identity, ...args], { cwd })).stdout;
};

beforeAll(async () => {
  github = await GitHubStandIn.start();
  // The files as they are here, committed or not.
  const { stdout } = await execa("git", ["ls-files", "-co", "--exclude-standard", "-z"], { cwd: checkout });
  const files = stdout.split("\0").filter((file) => existsSync(join(checkout, file)));
  mkdirSync(project);
  await execa("tar", ["-C", project, "-x"], {
    input: (await execa("tar", ["-C", checkout, "-c", "--null", "-T", "-"], { input: files.join("\0"), encoding: "buffer" }))
      .stdout,
  });
  readPricesToday();
  await git(project, "init", "--quiet", "--initial-branch=main");
  await git(project, "add", "--all");
  await git(project, "commit", "--quiet", "-m", "main");
  await git(project, "checkout", "--quiet", "-b", "change");
}, 120_000);

afterAll(async () => {
  await github[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

/** The workflow goes by the real clock; a project whose prices were read long ago is another test's. */
function readPricesToday(): void {
  for (const vendor of ["aws", "hetzner"]) {
    const file = join(project, `cost/prices/${vendor}.json`);
    const today = `"date": "${new Date().toISOString().slice(0, 10)}"`;
    const text = readFileSync(file, "utf8").replaceAll(/, "read": "[\d-]+"/g, "");
    writeFileSync(file, text.replace(/"date": "[\d-]+"/, today));
  }
}

/** The installed packages, which `npm ci` would bring: linked, and npm itself must not be asked for anything. */
function linkPackages(to: string): void {
  const { packages } = JSON.parse(readFileSync(join(checkout, "package-lock.json"), "utf8")) as { packages: object };
  const nested = Object.keys(packages).flatMap((key) => /^(?!node_modules\/)(.*?\/node_modules)\//.exec(key)?.[1] ?? []);
  for (const name of ["node_modules", ...new Set(nested)]) {
    if (existsSync(join(checkout, name))) symlinkSync(join(checkout, name), join(to, name));
  }
  const npm = join(folder, "bin/npm");
  mkdirSync(dirname(npm), { recursive: true });
  writeFileSync(npm, "#!/bin/sh\necho 'npm was called' >&2\nexit 99\n");
  chmodSync(npm, 0o755);
}

/** A push to the branch: the size of the disk for uploads in its program. Returns the head's commit. */
async function push(size: string): Promise<string> {
  const file = join(project, "infra/config/keys/hosts.ts");
  const changed = readFileSync(file, "utf8").replace(/(uploadsSize: \{[^}]*?default: )"\d+ GB"/, `$1"${size}"`);
  writeFileSync(file, changed);
  await git(project, "commit", "--quiet", "-am", `uploads of ${size}`);
  return git(project, "rev-parse", "HEAD");
}

/** As actions/checkout does it for a pull request: the merge of head into base, with its two parents and nothing else. */
async function checkOutMerge(head: string): Promise<void> {
  await git(project, "checkout", "--quiet", "--detach", "main");
  await git(project, "merge", "--quiet", "--no-ff", "-m", "merge", head);
  await git(project, "update-ref", "refs/heads/pull", "HEAD");
  await git(project, "checkout", "--quiet", "change");
  rmSync(workspace, { recursive: true, force: true });
  await git(folder, "clone", "--quiet", "--depth", "2", "--branch", "pull", `file://${project}`, workspace);
  linkPackages(workspace);
}

/** What a runner gives to every step, and no secret. */
function runnerEnv(extra: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const { PATH = "", HOME = "", XDG_CACHE_HOME } = process.env;
  const path = [join(folder, "bin"), dirname(process.execPath), PATH].join(":");
  return { PATH: path, HOME, CI: "true", ...(XDG_CACHE_HOME === undefined ? {} : { XDG_CACHE_HOME }), ...extra };
}

/** The first workflow, for each stack; what it uploads is handed over. Returns the summaries. */
async function runPreview(head: string): Promise<string[]> {
  await checkOutMerge(head);
  github.artifacts.length = 0;
  const summaries: string[] = [];
  for (const stack of stacks) {
    expect(preview.job.strategy?.matrix.stack).toContain(stack);
    const expressions: Expressions = { "matrix.stack": stack, "github.workspace": workspace };
    const summary = join(folder, `${stack}.summary`);
    writeFileSync(summary, "");
    const env = runnerEnv({ GITHUB_STEP_SUMMARY: summary });
    for (const step of ["Card", "Summary"]) {
      const { code, output } = await runStep(preview.job, step, workspace, expressions, env);
      expect(code, output).toBe(0);
    }
    for (const { uses, with: given } of preview.job.steps) {
      if (uses?.startsWith("actions/upload-artifact@") !== true) continue;
      const file = filled(given["path"] ?? "", expressions);
      const zip = zipSync({ [file.split("/").at(-1)!]: readFileSync(join(workspace, file)) });
      github.artifacts.push({ name: filled(given["name"] ?? "", expressions), zip });
    }
    summaries.push(readFileSync(summary, "utf8"));
  }
  expect(await git(workspace, "status", "--porcelain", "--", ":!node_modules", ":!*/node_modules")).toBe("");
  expect(await git(workspace, "worktree", "list", "--porcelain")).not.toContain("fidus-base-");
  return summaries;
}

/** The second workflow, in a checkout of main. */
async function runComment(head: string): Promise<{ code: number | undefined; output: string }> {
  const main = join(folder, "main");
  if (!existsSync(main)) {
    await git(folder, "clone", "--quiet", "--branch", "main", `file://${project}`, main);
    linkPackages(main);
  }
  const event = join(folder, "event.json");
  const repository = { id: 1, full_name: "acme/fidus" };
  const head_repository = { id: 2, full_name: "stranger/fidus", owner: { login: "stranger" } };
  const workflow_run = { id: 77, event: "pull_request", head_sha: head, head_branch: "change", head_repository };
  writeFileSync(event, JSON.stringify({ repository, workflow_run }));
  github.pulls.splice(0, 1, {
    ...{ number: 5, state: "open", base: { repo: { id: 1 } } },
    head: { sha: head, repo: { id: 2 } },
  });
  const told = { GITHUB_API_URL: github.url, GITHUB_SERVER_URL: "https://github.test", GITHUB_EVENT_PATH: event };
  return runStep(posting.job, "Comment", main, { "github.token": "token-of-a-test" }, runnerEnv(told));
}

test("a pull request gets one comment with what it costs on two stacks, and its second push changes that comment's amounts", async () => {
  const first = await push("100 GB");
  const [summary] = await runPreview(first);
  expect(github.artifacts.map(({ name }) => name).sort()).toEqual([
    "bill-enterprise-global",
    "bill-starter",
    "card-enterprise-global",
    "card-starter",
  ]);
  expect(summary).toContain("```mermaid\npie showData");
  expect(await runComment(first)).toMatchObject({ code: 0, output: "Posted to pull request 5." });
  const before = github.comments[0]!.body;
  // cx53 29.49 + IPv4 0.50 + 40 GB × 0.0572 + bx11 3.20 = 35.478; 60 GB more × 0.0572 = 3.432, then 40 GB more = 2.288
  expect(before).toContain("| <code>starter</code> | ▲ 35.48 → 38.91 EUR a month (+3.43) | 0 |");
  expect(before).toMatch(/\| <code>enterprise-global<\/code> \| = [\d.]+ → [\d.]+ USD a month \(±0\.00\) \| 0 \|/);
  expect(before).toMatch(/before = <code>HEAD&#94;1&#39;s program \([0-9a-f]{10}\) on an empty stack<\/code>/);
  expect(before).toContain(`Of commit ${first.slice(0, 10)}, computed by its own code`);

  const second = await push("80 GB");
  await runPreview(second);
  expect(await runComment(second)).toMatchObject({ code: 0 });
  const after = github.comments[0]!.body;
  expect(after).toContain("| <code>starter</code> | ▲ 35.48 → 37.77 EUR a month (+2.29) | 0 |");
  expect(after).toContain(`Of commit ${second.slice(0, 10)}`);
  expect(after).not.toContain("38.91");
  expect(github.comments).toHaveLength(1);
  expect(github.writes).toEqual(["POST /issues/5/comments", "PATCH /issues/comments/1000"]);
}, 600_000);

test("every step of both workflows is one that was run here, or an action by commit, or npm ci", () => {
  const named = (job: typeof preview.job): string[] =>
    job.steps.flatMap(({ name, run }) => (run === undefined ? [] : [name ?? run]));
  expect(named(preview.job)).toEqual(["Card", "Summary"]);
  expect(named(posting.job)).toEqual(["Packages", "Comment"]);
  expect(posting.job.steps.find(({ name }) => name === "Packages")?.run).toMatch(/^npm ci --ignore-scripts/);
});
