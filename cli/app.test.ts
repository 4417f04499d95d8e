import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { commands } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { createProgram } from "./program.ts";
import { launch, startCli, type Ended, type Running } from "./testing.ts";

let home = "";
beforeAll(() => void (home = mkdtempSync(join(tmpdir(), "fidus-cli-"))));
afterAll(() => rmSync(home, { recursive: true, force: true }));

test.each([[[]], [["--help"]], [["help"]]])("%j shows every command and examples, exit 0", async (args) => {
  const { code, stdout, stderr } = await fidus(args);
  expect([code, stderr]).toEqual([0, ""]);
  for (const word of ["Usage: fidus", "up", "doctor", "toolchain", "Examples:", "./fidus up community"])
    expect(stdout).toContain(word);
});

test("--version prints the version of package.json", async () => {
  expect(await fidus(["--version"])).toEqual({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: "" });
});

test("every command has a description, and help with examples that name it", () => {
  const program = createProgram({ version: "1.0.0", commands, write: () => {} }, () => ({}) as CliContext);
  const leaves = program.commands.flatMap((command) => (command.commands.length > 0 ? command.commands : [command]));
  const missing = leaves.flatMap((command) => {
    let help = "";
    command.configureOutput({ writeOut: (text) => (help += text) }).outputHelp();
    return command.description() !== "" && /Examples:\n(.*\n)*.*(\.\/fidus|npm (start|test))/.test(help) ? [] : [command.name()];
  });
  expect(missing).toEqual([]);
});

test.each([
  [["dctor"], "unknown command 'dctor'", "Did you mean doctor?"],
  [["env", "--shel", "fish"], "unknown option '--shel'", "Did you mean --shell?"],
  [["backup", "--help"], "unknown command 'backup'", "./fidus --help"],
  [["config", "nonsense", "-h"], "unknown command 'nonsense'", "./fidus --help"],
  [["config"], "which of its commands is missing", "./fidus --help"],
  [["doctor", "community", "extra"], "too many arguments", "./fidus --help"],
])("%j exits 2 and names what was meant", async (args, rule, hint) => {
  const { code, stdout, stderr } = await fidus(args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(`arguments: got "${args.join(" ")}"; needs a known command and its options (${rule}`);
  expect(stderr).toContain(hint);
});

test("with --json a failure is one JSON document on stdout, and the same for people on stderr", async () => {
  const { code, stdout, stderr } = await fidus(["env", "Bad_Name", "--json"]);
  expect(code).toBe(2);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: "wrong-input", problems: [{ path: "stack", got: "Bad_Name" }] } });
  expect(stderr).toContain('stack: got "Bad_Name"; needs 2 to 40 of a-z');
});

test("a refused command line makes no installation", () => {
  expect(readdirSync(home)).not.toContain("data");
});

test("env prints what a POSIX shell can read, whatever the paths are, and the same as JSON", async () => {
  const odd = { XDG_DATA_HOME: join(home, "it's $HOME `x`", "data"), XDG_CACHE_HOME: join(home, "cache") };
  const printed = await fidus(["env"], odd);
  expect(printed).toMatchObject({ code: 0, stderr: "" });
  const shell = await launch("sh", ["-c", `${printed.stdout}\nenv`], {}).ended;
  const read = Object.fromEntries(
    shell.stdout.split("\n").map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]),
  );
  const json: unknown = JSON.parse((await fidus(["env", "--json"], odd)).stdout);
  expect(read).toMatchObject(json as object);
  expect(json).toMatchObject({
    PULUMI_HOME: join(home, "cache/fidus/toolchain/pulumi-home"),
    PULUMI_CONFIG_PASSPHRASE_FILE: expect.stringMatching(/it's \$HOME `x`\/data\/fidus\/installations\/[0-9a-f]{6}\/passphrase$/),
    PULUMI_OPTION_CONFIG_FILE: expect.stringMatching(/\/Pulumi\.community\.yaml$/),
    PULUMI_BACKEND_URL: expect.stringMatching(/^file:\/\/\/.*it's%20\$HOME/),
  });
});

test("env evaluated twice leaves PATH as it was after the first time", async () => {
  const first = JSON.parse((await fidus(["env", "--json"])).stdout) as { PATH: string };
  const second = JSON.parse((await fidus(["env", "--json"], { PATH: first.PATH })).stdout) as { PATH: string };
  expect(second.PATH).toBe(first.PATH);
  expect(first.PATH.startsWith(`${join(home, "cache/fidus/toolchain/bin")}:`)).toBe(true);
});

test("behind a proxy env keeps loopback out of it under both names, and what the operator keeps out too", async () => {
  const direct = async (env: Record<string, string>): Promise<unknown> => {
    const { NO_PROXY, no_proxy } = JSON.parse((await fidus(["env", "--json"], env)).stdout) as Record<string, string>;
    return { NO_PROXY, no_proxy };
  };
  const none = { HTTPS_PROXY: "", https_proxy: "", HTTP_PROXY: "", http_proxy: "", NO_PROXY: "", no_proxy: "" };
  expect(await direct(none)).toEqual({});
  const proxy = { ...none, https_proxy: "http://proxy.test:3128" };
  const loopback = "localhost,127.0.0.1,::1";
  expect(await direct(proxy)).toEqual({ NO_PROXY: loopback, no_proxy: loopback });
  const all = `.corp.test,${loopback}`;
  expect(await direct({ ...proxy, NO_PROXY: ".corp.test, localhost" })).toEqual({ NO_PROXY: all, no_proxy: all });
});

test("env for fish quotes for fish; an unknown shell is refused", async () => {
  const { stdout } = await fidus(["env", "--shell", "fish"], { XDG_DATA_HOME: join(home, "it's\\here") });
  expect(stdout).toContain(`set -gx PULUMI_CONFIG_PASSPHRASE_FILE '${home}/it\\'s\\\\here/fidus/installations/`);
  expect(await fidus(["env", "--shell", "csh"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('--shell: got "csh"; needs one of posix, fish.'),
  });
});

test("doctor without an engine fails with the commands, changes nothing, and exits 1", async () => {
  const { code, stdout } = await fidus(["doctor", "--json"], { DOCKER_HOST: `unix://${home}/none.sock` });
  expect(code).toBe(1);
  const { ok, checks } = JSON.parse(stdout) as { ok: boolean; checks: { id: string; status: string; fix: string | null }[] };
  expect(ok).toBe(false);
  expect(checks.filter(({ status }) => status === "fail").map(({ id, fix }) => [id, fix === null])).toEqual([["engine", false]]);
});

test("a toolchain that is not there yet is told by --check, exit 1, and nothing is fetched", async () => {
  const { code, stdout } = await fidus(["toolchain", "--check"], { XDG_CACHE_HOME: join(home, "empty-cache") });
  expect({ code, stdout }).toEqual({ code: 1, stdout: "The toolchain is not complete. ./fidus toolchain\n" });
  expect(await fidus(["toolchain", "hcloud", "--check"], { XDG_CACHE_HOME: join(home, "empty-cache") })).toMatchObject({
    stdout: "The toolchain is not complete. ./fidus toolchain hcloud\n",
  });
});

test("a reader that closes the pipe early is no failure", async () => {
  const child = start(["--help"]);
  child.process.stdout?.destroy();
  expect(await child.ended).toMatchObject({ code: 0, stderr: "" });
});

test.each(["SIGINT", "SIGTERM"] as const)("%s stops the running program behind a command and exits 1", async (signal) => {
  const bin = mkdtempSync(join(home, "bin-"));
  writeFileSync(join(bin, "docker"), `#!/bin/sh\necho $$ > ${bin}/pid.new && mv ${bin}/pid.new ${bin}/pid\nexec sleep 60\n`, {
    mode: 0o755,
  });
  const child = start(["doctor"], { PATH: `${bin}:${process.env["PATH"] ?? ""}` });
  await until(() => existsSync(join(bin, "pid")));
  child.process.kill(signal);
  const { code, stderr } = await child.ended;
  expect(code).toBe(1);
  expect(stderr).toContain(`fidus: ${signal}, stopping`);
  expect(stderr).toContain(`fidus: stopped by ${signal}\n  The same command goes on where it stopped.`);
  expect(() => process.kill(Number(readFileSync(join(bin, "pid"), "utf8")), 0)).toThrow("ESRCH");
});

const start = (args: readonly string[], env?: Record<string, string>): Running => startCli(home, args, env);
const fidus = (args: readonly string[], env?: Record<string, string>): Promise<Ended> => start(args, env).ended;

async function until(holds: () => boolean): Promise<void> {
  for (const deadline = performance.now() + 8_000; !holds(); await wait(20)) {
    if (performance.now() > deadline) throw new Error("the condition did not hold within 8 s");
  }
}
