import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { eventually } from "../../infra/core/eventually.ts";
import { EngineProject } from "./testing/engine.ts";

/** command:local under the real engine. Oracle: doc comments of @pulumi/command local/command.d.ts and local/run.d.ts. */
const secretValue = "correct-horse-battery-staple";
let project: EngineProject;

beforeAll(async () => {
  project = await EngineProject.create({ logged: true });
}, 60_000);
afterAll(() => project[Symbol.asyncDispose]());
beforeEach(() => project.reset());

const place = (name: string): string => join(project.directory, name);
const local = (args: string): string => `const c = new command.local.Command("c", { ${args} });`;
const limit = { timeout: 120_000 };

test(
  "runs create, then update for a changed input and delete at the end, each with the last output in its environment",
  limit,
  async () => {
    const log = place("steps");
    const script = (word: string): string =>
      `echo "${word} $PULUMI_COMMAND_STDOUT/$PULUMI_COMMAND_STDERR $A" >> ${log}; echo ${word}; echo e-${word} >&2`;
    const program = (a: number): string =>
      `${local(`create: '${script("create")}', update: '${script("update")}', delete: '${script("delete")}', environment: { A: "${a}" }`)}
    return { out: c.stdout, err: c.stderr };`;
    await project.program(program(1));
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await project.outputs()).toEqual({ out: "create", err: "e-create" });
    await project.expectNoChange();
    await project.program(program(2));
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await project.run("destroy", "--yes", "--skip-preview")).toMatchObject({ code: 0 });
    expect(await readFile(log, "utf8")).toBe("create / 1\nupdate create/e-create 2\ndelete update/e-update 2\n");
  },
);

test("takes interpreter, dir, stdin and collects files by rules", limit, async () => {
  await mkdir(place("work/src/deep"), { recursive: true });
  await Promise.all(
    ["src/index.js", "src/deep/more.js", "src/secret.js", "plain.txt"].map((name) => writeFile(place(`work/${name}`), name)),
  );
  await project.program(`${local(`interpreter: ["/bin/bash", "-ec"], create: "cat; pwd; [[ 1 == 1 ]]", stdin: "in\\n", dir: "${place("work")}",
      assetPaths: ["src/**.js", "!**secret.*"], archivePaths: ["*.txt"]`)}
    return { out: c.stdout, files: c.assets.apply((found) => Object.keys(found ?? {})), archive: c.archive.apply((a) => a !== undefined) };`);
  expect(await project.up()).toMatchObject({ code: 0 });
  expect(await project.outputs()).toEqual({
    out: `in\n${place("work")}`,
    files: ["src/deep/more.js", "src/index.js"],
    archive: true,
  });
  await project.expectNoChange();
});

test(
  "shows the failure without secrets from stdin, environment or create, keeps nothing, and the next up tries again",
  limit,
  async () => {
    await project.program(
      local(`create: pulumi.secret('read -r s; echo "out $s"; echo "err $s $E ${secretValue}3" >&2; test -e ${place("repaired")} || exit 7'),
      stdin: pulumi.secret("${secretValue}1\\n"), environment: { E: pulumi.secret("${secretValue}2") }`),
    );
    const { code, output } = await project.up("--verbose=2", "--logtostderr");
    expect(code).not.toBe(0);
    expect(output).toContain("create: got exit code 7; needs exit code 0.");
    expect(output).toContain("err [secret] [secret] [secret]");
    expect(output).not.toContain(secretValue);
    expect((await project.providerLog()).join("\n")).not.toContain(secretValue);
    expect(await project.resources()).toEqual([]);
    await writeFile(place("repaired"), "");
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await project.stateText()).not.toContain(secretValue);
  },
);

test("logs only the streams that logging names", limit, async () => {
  await project.program(local(`create: "echo to-out; echo to-err >&2", logging: "stderr"`));
  const { output } = await project.up();
  expect(output).toContain("to-err");
  expect(output).not.toContain("to-out\n");
});

test("ends the command and all that it started when the user interrupts, and the next up runs it again", limit, async () => {
  await project.program(
    local(`create: "test -e ${place("quick")} && exit 0; sleep 300 & echo $! > ${place("child")}; echo waiting; wait"`),
  );
  const up = project.start("up", "--yes", "--skip-preview");
  await up.seen("waiting");
  up.process.kill("SIGINT");
  const { code, output } = await up.ended;
  expect(code).not.toBe(0);
  expect(output).toContain("create: got a cancel");
  const child = Number(await readFile(place("child"), "utf8"));
  await eventually("the command's child is gone", () => !isRunning(child));
  expect(await project.resources()).toEqual([]);
  await writeFile(place("quick"), "");
  expect(await project.up()).toMatchObject({ code: 0 });
});

test("ends the command when the engine is killed, and a plain up goes on from there", limit, async () => {
  await rm(place("quick"), { force: true });
  await project.program(
    local(`create: "test -e ${place("quick")} && exit 0; sleep 300 & echo $! > ${place("child2")}; echo waiting; wait"`),
  );
  const up = project.start("up", "--yes", "--skip-preview");
  await up.seen("waiting");
  up.process.kill("SIGKILL");
  await up.ended;
  const child = Number(await readFile(place("child2"), "utf8"));
  await eventually("the command's child is gone", () => !isRunning(child));
  await writeFile(place("quick"), "");
  expect(await project.run("cancel", "--yes")).toMatchObject({ code: 0 }); // the dead engine's lock
  expect(await project.up()).toMatchObject({ code: 0 });
  expect(await project.resources()).toHaveLength(1);
});

test("stops a command that runs longer than its customTimeouts and says so", limit, async () => {
  await project.program(`new command.local.Command("c", { create: "sleep 300" }, { customTimeouts: { create: "1s" } });`);
  const { code, output } = await project.up();
  expect(code).not.toBe(0);
  expect(output).toContain("create: got no end within the resource's customTimeouts");
  expect(await project.resources()).toEqual([]);
});

test("runs command.local.run as a function and fails with its exit code", limit, async () => {
  await project.program(`const r = await command.local.run({ command: "echo now" });\nreturn { out: r.stdout };`);
  expect(await project.up()).toMatchObject({ code: 0 });
  expect(await project.outputs()).toEqual({ out: "now" });
  await project.program(`await command.local.run({ command: "echo why >&2; exit 5" });`);
  const { output } = await project.up();
  expect(output).toContain("run: got exit code 5");
  expect(output).toContain("why");
});

test("refuses an interpreter that does not exist before anything is recorded", limit, async () => {
  await project.program(local(`interpreter: ["/no/such/program"], create: "true"`));
  expect((await project.up()).output).toContain('create: got ENOENT; needs interpreter "/no/such/program"');
  expect(await project.resources()).toEqual([]);
  expect(existsSync("/no/such/program")).toBe(false);
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
