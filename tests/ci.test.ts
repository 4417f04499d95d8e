import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { ciStack, readStacks } from "../ci/stacks.ts";
import { launch } from "../cli/testing.ts";
import { parseConfig } from "../infra/config/parse.ts";
import { editions, type Edition } from "../infra/config/spec.ts";
import { repositoryFiles } from "./sources.ts";
import { readWorkflow, workflowText } from "./tools/workflow.ts";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

function temporary(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "fidus-ci-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const workflowSchema = z.object({
  on: z.object({ workflow_call: z.null(), pull_request: z.object({ branches: z.array(z.string()) }) }),
  permissions: z.object({ contents: z.literal("read") }),
  jobs: z.record(
    z.string(),
    z.object({
      "timeout-minutes": z.number(),
      container: z.object({ image: z.string() }),
      steps: z.array(z.object({ run: z.string().optional() })),
    }),
  ),
});

test("the application and what deploys it are one repository with one lock file [G-12]", () => {
  const manifest = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as { workspaces: string[] };
  expect(manifest.workspaces).toEqual(["app"]);
  const locks = repositoryFiles(join(import.meta.dirname, "..")).filter((file) =>
    /(package-lock|npm-shrinkwrap)\.json$|-lock\.yaml$|yarn\.lock$/.test(file),
  );
  expect(locks.filter((file) => !file.startsWith("app/llm/"))).toEqual(["package-lock.json"]);
});

test("CI runs .ci/run on every push and pull request to main and develop, with no right to write [R-01]", () => {
  const workflow = workflowSchema.parse(parse(read(".github/workflows/ci.yml")));
  const deploy = parse(read(".github/workflows/deploy.yml")) as { on: unknown; jobs: { ci: unknown } };
  expect(deploy.on).toEqual({ push: { branches: ["main", "develop"] } });
  expect(deploy.jobs.ci).toEqual({ permissions: { contents: "read" }, uses: "./.github/workflows/ci.yml" });
  expect(workflow.on.pull_request.branches).toEqual(["main", "develop"]);
  const lines = Object.values(workflow.jobs).flatMap(({ steps }) => steps.flatMap(({ run = "" }) => run.split("\n")));
  expect(lines.filter((line) => line === ".ci/run")).toHaveLength(1);
});

test("CI uses actions by commit, with the version beside it, and runs in Debian 13", () => {
  const workflow = read(".github/workflows/ci.yml");
  const uses = workflow.match(/uses: .*/g) ?? [];
  expect(uses).toHaveLength(4);
  for (const line of uses) expect(line).toMatch(/^uses: actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  expect(Object.values(workflowSchema.parse(parse(workflow)).jobs).map(({ container }) => container.image)).toEqual([
    "debian:13",
  ]);
});

const both = ["preview.yml", "preview-comment.yml"] as const;

test("the preview of a pull request runs its code without a secret and may write nothing; the comment's workflow runs none of it [R-01]", () => {
  const preview = readWorkflow("preview.yml");
  expect(preview.workflow.permissions).toEqual({ contents: "read" });
  expect(preview.job.permissions).toBeUndefined();
  const text = workflowText("preview.yml");
  expect(text).not.toMatch(/secrets\.|github\.token|pull_request_target|id-token|: write/);
  const posting = readWorkflow("preview-comment.yml");
  expect(posting.workflow.permissions).toEqual({});
  expect(posting.job.permissions).toEqual({ actions: "read", contents: "read", "pull-requests": "write" });
  const checkouts = posting.job.steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"));
  expect(checkouts.map(({ with: { ref } }) => ref)).toEqual(["${{ github.event.repository.default_branch }}"]);
  expect(workflowText("preview-comment.yml")).not.toMatch(/secrets\.|download-artifact|head_sha|id-token|actions\/cache/);
});

test("no workflow puts an expression into its commands, keeps credentials in a checkout, or uses an action by tag", () => {
  for (const file of both) {
    const { job } = readWorkflow(file);
    for (const { run = "", uses, with: given } of job.steps) {
      expect(run).not.toContain("${{");
      if (uses?.startsWith("actions/checkout@")) expect(given["persist-credentials"]).toBe("false");
    }
    for (const line of workflowText(file).match(/uses: .*/g) ?? [])
      expect(line).toMatch(/^uses: actions\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
  }
});

test("every stack of ci/stacks.json is one that its edition accepts, and the workflow previews each of them", async () => {
  const stacks = await readStacks(root);
  expect(readWorkflow("preview.yml").job.strategy?.matrix.stack).toEqual(Object.keys(stacks));
  expect(Object.values(stacks).map(({ settings }) => settings["edition"])).toEqual(
    editions.filter((name) => name !== "community"),
  );
  for (const name of Object.keys(stacks)) {
    const { settings, secrets } = await ciStack(name, root, root);
    const { problems } = parseConfig(settings["edition"] as Edition, { ...settings, ...secrets }, new Set(Object.keys(secrets)));
    expect(problems, name).toEqual([]);
  }
  await expect(ciStack("nowhere", root, root)).rejects.toThrow("that stack is not previewed for pull requests");
});

test("a revision from before ci/stacks.json takes the settings from this checkout, a later one its own", async () => {
  using folder = temporary();
  expect((await ciStack("starter", folder.path, root)).settings["domain"]).toBe("assistant.fidus.test");
  mkdirSync(join(folder.path, "ci"));
  const own = { starter: { settings: { domain: "own.fidus.test" }, placeholders: { hcloudToken: 3 } } };
  writeFileSync(join(folder.path, "ci/stacks.json"), JSON.stringify(own));
  expect(await ciStack("starter", folder.path, root)).toEqual({
    ...{ name: "starter", settings: { domain: "own.fidus.test" }, secrets: { hcloudToken: "000" }, usage: null },
  });
});

test(".ci/preview is a program that needs to be told what to compare with, and where to write", async () => {
  expect(statSync(join(root, ".ci/preview")).mode & 0o111).not.toBe(0);
  for (const args of [
    [],
    ["--base", "HEAD"],
    ["--base", "HEAD", "--out", "cards"],
    ["--base", "./file", "--out", "cards", "starter"],
    ["--bse"],
  ]) {
    const { code, stderr } = await launch(process.execPath, [join(root, "ci/preview.ts"), ...args], {}).ended;
    expect([code, stderr]).toEqual([2, expect.stringContaining("--base REV, --out FOLDER and one stack or more")]);
  }
}, 60_000);

test(".ci/run is a program that runs every tier with CI=true, where a tier that cannot run fails", () => {
  expect(statSync(join(root, ".ci/run")).mode & 0o111).not.toBe(0);
  expect(read(".ci/run")).toMatch(/^export CI=true$/m);
  expect(read(".ci/run")).toMatch(/^exec npm test --silent -- "\$@"$/m);
});

test("no committed file names a package registry's host", () => {
  const hosts = [
    "registry.npmjs" + ".org",
    "pypi" + ".org",
    "files.pythonhosted" + ".org",
    "proxy.golang" + ".org",
    "deb.debian" + ".org",
  ];
  const files = [
    "README.md",
    "CONTRIBUTING.md",
    ".npmrc",
    ".ci/run",
    ".github/workflows/ci.yml",
    "package.json",
    ...both.map((name) => `.github/workflows/${name}`),
  ];
  for (const file of files) for (const host of hosts) expect(read(file), file).not.toContain(host);
});
