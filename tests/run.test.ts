import { mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { runTests } from "./run.ts";

const repository = join(import.meta.dirname, "..");
const timeout = 30_000;

let root = "";
let printed = "";

// A checkout of its own with the real vitest: what the runner says of it must be true.
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "fidus-run-"));
  printed = "";
  await symlink(join(repository, "node_modules"), join(root, "node_modules"));
  await writeFile(join(root, "package.json"), '{ "type": "module" }');
  const unit = { extends: true, test: { name: "unit", include: ["*.test.ts"] } };
  await writeFile(join(root, "vitest.config.ts"), `export default { test: { projects: [${JSON.stringify(unit)}] } };`);
});

afterEach(async () => {
  await rm(root, { recursive: true, force: true });
});

async function run(files: Record<string, string>, vitestArgs: readonly string[] = []): Promise<boolean> {
  for (const [name, text] of Object.entries(files))
    await writeFile(join(root, name), `import { test, expect } from "vitest";\n${text}`);
  return await runTests({
    root,
    tiers: ["unit"],
    vitestArgs,
    strict: false,
    machine: { env: {}, canInstall: false, log: () => {}, signal: new AbortController().signal },
    quiet: true,
    print: (text) => (printed += `${text}\n`),
  });
}

const lastLine = (): string | undefined => printed.trimEnd().split("\n").at(-1);

test(
  "a run without failures succeeds, ends with the totals and leaves its results for the requirements",
  { timeout },
  async () => {
    expect(await run({ "good.test.ts": 'test("adds [C-01]", () => expect(1).toBe(1)); test.skip("later", () => {});' })).toBe(
      true,
    );
    expect(lastLine()).toBe("1 passed, 0 failed, 1 skipped");
    const record: unknown = JSON.parse(await readFile(join(root, ".fidus/test/run.json"), "utf8"));
    expect(record).toMatchObject({
      commit: "none",
      tiers: [
        {
          tier: "unit",
          tests: [
            { file: "good.test.ts", name: "adds [C-01]", status: "passed" },
            { file: "good.test.ts", name: "later", status: "skipped" },
          ],
        },
      ],
    });
  },
);

test(
  "a failed test, a file without tests and a file that does not load each fail the run and are named",
  { timeout },
  async () => {
    const files = {
      "bad.test.ts": 'test("subtracts", () => expect(1).toBe(2));',
      "empty.test.ts": "",
      "broken.test.ts": 'import "./absent.ts"; test("never", () => {});',
    };
    expect(await run(files)).toBe(false);
    expect(lastLine()).toBe("0 passed, 3 failed, 0 skipped");
    expect(printed).toMatch(/failed: bad.test.ts: subtracts\n +expected 1 to be 2.*\n +at .*bad.test.ts:2/);
    expect(printed).toContain("failed: empty.test.ts: ");
    expect(printed).toMatch(/failed: broken.test.ts: fails outside its tests\n.*absent.ts/);
  },
);

test(
  "a hook that fails is a failure of its suite, named with its reason, beside tests that were skipped for it",
  { timeout },
  async () => {
    const hook = `import { beforeAll, describe } from "vitest";
    test("passes", () => {});
    describe("machines", () => { beforeAll(() => { throw new Error("no address") }); test("answer", () => {}); });`;
    expect(await run({ "hook.test.ts": hook })).toBe(false);
    expect(lastLine()).toBe("1 passed, 1 failed, 1 skipped");
    expect(printed).toMatch(/failed: hook.test.ts: machines fails outside its tests\n +no address\n +at .*hook.test.ts:4/);
  },
);

test("a tier in which nothing ran fails the run", { timeout }, async () => {
  expect(await run({})).toBe(false);
  expect(lastLine()).toBe("0 passed, 1 failed, 0 skipped");
  expect(await run({ "good.test.ts": 'test("adds", () => {});' }, ["no-such-file"])).toBe(false);
  expect(lastLine()).toBe("0 passed, 1 failed, 0 skipped");
});

test("an error outside every test fails the run although all tests passed", { timeout }, async () => {
  const late =
    'test("passes", () => {}); setTimeout(() => { throw new Error("late"); }, 0); test("waits", () => new Promise((r) => setTimeout(r, 50)));';
  expect(await run({ "late.test.ts": late })).toBe(false);
  expect(lastLine()).toBe("2 passed, 1 failed, 0 skipped");
});
