import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";

const root = join(import.meta.dirname, "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

const workflowSchema = z.object({
  on: z.object({ push: z.object({ branches: z.array(z.string()) }), pull_request: z.object({ branches: z.array(z.string()) }) }),
  permissions: z.object({ contents: z.literal("read") }),
  jobs: z.record(
    z.string(),
    z.object({ "timeout-minutes": z.number(), steps: z.array(z.object({ run: z.string().optional() })) }),
  ),
});

test("CI runs .ci/run on every push and pull request to main and develop, with no right to write [R-01]", () => {
  const workflow = workflowSchema.parse(parse(read(".github/workflows/ci.yml")));
  expect(workflow.on.push.branches).toEqual(["main", "develop"]);
  expect(workflow.on.pull_request.branches).toEqual(["main", "develop"]);
  const commands = Object.values(workflow.jobs).flatMap(({ steps }) =>
    steps.flatMap(({ run }) => (run === undefined ? [] : [run])),
  );
  expect(commands.filter((command) => command.endsWith(" .ci/run"))).toHaveLength(1);
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
