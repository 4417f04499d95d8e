import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

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
  const files = ["README.md", "CONTRIBUTING.md", ".npmrc", ".ci/run", ".github/workflows/ci.yml", "package.json"];
  for (const file of files) for (const host of hosts) expect(read(file), file).not.toContain(host);
});
