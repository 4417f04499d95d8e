import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, chmod, readFile, readdir, rm, stat, symlink, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { expect, onTestFinished, test } from "vitest";
import { ensureToolchain, inspectToolchain, type ToolchainReport } from "./ensure.ts";
import { executableOf, layoutOf, toolchainEnv } from "./layout.ts";
import type { EnsureOptions, ToolchainEvent } from "./run.ts";
import { emptyMachine, installFakeGo, startVendor, writeScript } from "./testing.ts";
import { partNames, versions } from "./versions.ts";

interface Child {
  readonly process: ChildProcess;
  readonly events: ToolchainEvent[];
  readonly report: Promise<ToolchainReport>;
  /** Resolves at the first event that fits. */
  saw(fits: (event: ToolchainEvent) => boolean): Promise<void>;
}

/** `ensureToolchain` in a process of its own. */
function startChild(options: EnsureOptions): Child {
  const argv = [join(import.meta.dirname, "testing-child.ts"), JSON.stringify(options)];
  const child = spawn(process.execPath, argv, { stdio: ["ignore", "pipe", "inherit"], env: {} });
  onTestFinished(() => void child.kill("SIGKILL"));
  const events: ToolchainEvent[] = [];
  const watchers: { fits: (event: ToolchainEvent) => boolean; resolve: () => void }[] = [];
  const report = Promise.withResolvers<ToolchainReport>();
  report.promise.catch(() => undefined); // a killed child has none
  createInterface({ input: child.stdout }).on("line", (line) => {
    const said = JSON.parse(line) as { event?: ToolchainEvent; report?: ToolchainReport };
    if (said.report) report.resolve(said.report);
    if (!said.event) return;
    events.push(said.event);
    for (const { fits, resolve } of watchers) if (fits(said.event)) resolve();
  });
  child.once("exit", (code) => report.reject(new Error(`the child ended with ${code} and gave no report`)));
  const saw = (fits: (event: ToolchainEvent) => boolean): Promise<void> =>
    new Promise((resolve) => (events.some(fits) ? resolve() : void watchers.push({ fits, resolve })));
  return { process: child, events, report: report.promise, saw };
}

const isMissing = (path: string): Promise<boolean> =>
  stat(path).then(
    () => false,
    () => true,
  );

test("two first runs at once: one downloads, the other waits, says so, and finds everything", async () => {
  const vendor = await startVendor();
  const machine = await emptyMachine(
    { FIDUS_VENDOR_BASE_URL: vendor.url },
    { limits: { stallMs: 20_000, connectMs: 2000, attempts: 2 } },
  );
  vendor.behaviours.set(vendor.archives.random, "stall");
  const first = startChild(machine.options);
  await vendor.asked(vendor.archives.random); // the first one holds the lock and is busy
  const second = startChild(machine.options);
  await second.saw(({ phase }) => phase === "wait");
  vendor.behaviours.set(vendor.archives.random, "serve");
  vendor.hangUp();
  const [one, two] = await Promise.all([first.report, second.report]);
  expect(one.parts.map(({ source }) => source)).toEqual(partNames.map(() => "vendor"));
  expect(two.parts.map(({ source }) => source)).toEqual(partNames.map(() => "cache"));
  for (const part of ["cli", "docker", "tls"] as const) {
    expect(vendor.requests.filter((line) => line.startsWith("GET") && line.endsWith(vendor.archives[part]))).toHaveLength(1);
  }
  expect(await isMissing(join(machine.root, ".lock"))).toBe(true);
});

test("a run killed half-way leaves what was complete; the next one takes over its lock and fetches only the rest", async () => {
  const vendor = await startVendor();
  const machine = await emptyMachine(
    { FIDUS_VENDOR_BASE_URL: vendor.url },
    { limits: { stallMs: 20_000, connectMs: 2000, attempts: 2 } },
  );
  vendor.behaviours.set(vendor.archives.docker, "stall");
  const killed = startChild(machine.options);
  await vendor.asked(vendor.archives.docker);
  killed.process.kill("SIGKILL");
  await once(killed.process, "exit");
  expect((await readdir(join(machine.root, "markers"))).sort()).toEqual(["cli.json", "language-host.json", "node.json"]);
  expect(await isMissing(executableOf(layoutOf({ root: machine.root }), "docker"))).toBe(true);
  vendor.behaviours.clear();
  vendor.requests.length = 0;
  const report = await ensureToolchain(machine.options);
  expect(report.parts.map(({ source }) => source)).toEqual(["cache", "cache", "vendor", "vendor", "vendor", "vendor"]);
  expect(vendor.requests.filter((line) => line.endsWith(vendor.archives.cli))).toEqual([]);
  const names = await readdir(machine.root, { recursive: true });
  expect(names.filter((name) => name.includes(".partial"))).toEqual([]);
}, 20_000);

test("an interrupted run stops, keeps what was complete and frees the lock", async () => {
  const vendor = await startVendor();
  const machine = await emptyMachine(
    { FIDUS_VENDOR_BASE_URL: vendor.url },
    { limits: { stallMs: 20_000, connectMs: 2000, attempts: 2 } },
  );
  vendor.behaviours.set(vendor.archives.command, "stall");
  const stop = new AbortController();
  const running = ensureToolchain({ ...machine.options, signal: stop.signal });
  await vendor.asked(vendor.archives.command);
  stop.abort();
  await expect(running).rejects.toThrow(/abort/i);
  expect(await isMissing(join(machine.root, ".lock"))).toBe(true);
  expect(await isMissing(join(machine.root, "markers/docker.json"))).toBe(false);
  expect(await isMissing(join(machine.root, "markers/command.json"))).toBe(true);
});

test("a plugin whose file was changed is fetched again, one that was only touched is not", async () => {
  const vendor = await startVendor();
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: vendor.url });
  const { parts } = await ensureToolchain(machine.options);
  const pathOf = (part: string): string => parts.find((each) => each.part === part)?.path ?? "";
  const original = await readFile(pathOf("tls"), "utf8");
  await writeFile(pathOf("tls"), original.replace("echo", "ecko"));
  await utimes(pathOf("random"), new Date(), new Date(Date.now() + 5000));
  const again = await ensureToolchain(machine.options);
  expect(again.parts.map(({ source }) => source)).toEqual(["cache", "cache", "cache", "cache", "cache", "vendor"]);
  expect(await readFile(pathOf("tls"), "utf8")).toBe(original);
});

test("a broken marker costs a new download, not the run", async () => {
  const vendor = await startVendor();
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: vendor.url });
  await ensureToolchain(machine.options);
  await writeFile(join(machine.root, "markers/tls.json"), '{"part":"tls"');
  expect(await inspectToolchain(machine.options)).toBeNull();
  expect((await ensureToolchain(machine.options)).parts[5]).toMatchObject({ part: "tls", source: "vendor" });
});

test("uses the CLI on PATH with the host beside it, and the user's plugin of our version", async () => {
  const machine = await emptyMachine();
  await installFakeGo(machine.folder);
  await writeScript(join(machine.folder, "path/pulumi"), "echo v3.257.1");
  await writeScript(join(machine.folder, "path/pulumi-language-nodejs"), "echo 1");
  await writeScript(join(machine.folder, "home/.pulumi/plugins/resource-docker-v5.2.0/pulumi-resource-docker"), "echo 1");
  await writeScript(join(machine.folder, "home/.pulumi/plugins/resource-tls-v5.6.0/pulumi-resource-tls"), "echo another version");
  const options = { ...machine.options, env: { ...machine.options.env, FIDUS_VENDOR_BASE_URL: "http://127.0.0.1:1" } };
  const report = await ensureToolchain(options);
  expect(report.parts.map(({ source, version }) => [source, version])).toEqual([
    ["path", "3.257.1"],
    ["path", "3.257.1"],
    ["path", versions.docker],
    ["built", versions.command],
    ["built", versions.random],
    ["built", versions.tls],
  ]);
  expect((await execa(report.parts[0]?.path ?? "", ["version"])).stdout).toBe("v3.257.1");
  expect((await ensureToolchain(options)).parts.map(({ source }) => source)).toEqual([
    "path",
    "path",
    "path",
    "cache",
    "cache",
    "cache",
  ]);
});

test.each(["v3.255.9", "v4.0.0", "3.259", ""])("passes over a CLI on PATH that says %j", async (says) => {
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: "http://127.0.0.1:1" });
  await installFakeGo(machine.folder);
  await writeScript(join(machine.folder, "path/pulumi"), `echo ${says}`);
  expect((await ensureToolchain(machine.options)).parts[0]).toMatchObject({ source: "built", version: versions.pulumi });
});

test("a CLI that vanished from PATH is replaced by the next run", async () => {
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: "http://127.0.0.1:1" });
  await installFakeGo(machine.folder);
  await writeScript(join(machine.folder, "path/pulumi"), "echo v3.258.0");
  await ensureToolchain(machine.options);
  await rm(join(machine.folder, "path/pulumi"));
  expect((await ensureToolchain(machine.options)).parts[0]).toMatchObject({ source: "built", trust: "built" });
});

test("does not take its own bin folder for a CLI of the user", async () => {
  const vendor = await startVendor();
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: vendor.url });
  await ensureToolchain(machine.options);
  await symlink(join(machine.root, "bin"), join(machine.folder, "path"));
  await rm(join(machine.root, "markers/cli.json"));
  const { pathPrefix, PULUMI_HOME } = toolchainEnv(machine.options.paths);
  const env = { ...machine.options.env, PATH: `${pathPrefix}:${machine.options.env?.["PATH"]}`, PULUMI_HOME };
  expect((await ensureToolchain({ ...machine.options, env })).parts[0]?.source).toBe("vendor");
});

test("FIDUS_TOOLCHAIN_SOURCE=build replaces what came from the vendor, and auto keeps the build", async () => {
  const vendor = await startVendor();
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: vendor.url });
  await installFakeGo(machine.folder);
  await ensureToolchain(machine.options);
  vendor.requests.length = 0;
  const build = { ...machine.options, env: { ...machine.options.env, FIDUS_TOOLCHAIN_SOURCE: "build" } };
  expect((await ensureToolchain(build)).parts.every(({ source, trust }) => source === "built" && trust === "built")).toBe(true);
  expect(
    (await ensureToolchain(machine.options)).parts.every(({ source, origin }) => source === "cache" && origin === "built"),
  ).toBe(true);
  expect(vendor.requests).toEqual([]);
});

test("a CLI that does not run here is not kept, and the next way is tried", async () => {
  const vendor = await startVendor();
  await vendor.publish("cli", "no version");
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: vendor.url });
  await installFakeGo(machine.folder);
  const report = await ensureToolchain(machine.options);
  expect(report.parts[0]).toMatchObject({ part: "cli", source: "built" });
  expect(machine.events.map(({ message }) => message)).toContain(`${report.parts[0]?.path} does not run on this machine`);
});

test("names every way that failed, and the ways out, when a part cannot be had", async () => {
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: "http://127.0.0.1:1" });
  await installFakeGo(machine.folder, { fails: true });
  const failure = ensureToolchain(machine.options);
  await expect(failure).rejects.toThrow(
    /^toolchain\.cli: got "no pulumi on PATH; 127\.0\.0\.1:1 cannot be reached .*; go build failed: main\.go:1: no such module"; needs a way/,
  );
  await expect(failure).rejects.toThrow("Or: Install Go 1.26 or newer, or python3 with pip. Then: ./fidus toolchain");
  expect(await isMissing(join(machine.root, "bin/pulumi"))).toBe(true);
});

test("a folder that cannot be written is named, with another place to choose", async () => {
  const machine = await emptyMachine();
  await writeFile(join(machine.folder, "file"), "");
  const failure = ensureToolchain({ ...machine.options, paths: { root: join(machine.folder, "file/toolchain") } });
  await expect(failure).rejects.toThrow(/file\/toolchain: got "ENOTDIR"; needs a folder that can be written, .* XDG_CACHE_HOME=/);
  expect(machine.events).toEqual([]);
});

test("refuses wrong settings all at once, before anything is written", async () => {
  const machine = await emptyMachine({ FIDUS_TOOLCHAIN_SOURCE: "internet", FIDUS_VENDOR_BASE_URL: "mirror.example" }).catch(
    (error: unknown) => error,
  );
  expect(machine).toMatchObject({ problems: [{ path: "FIDUS_TOOLCHAIN_SOURCE" }, { path: "FIDUS_VENDOR_BASE_URL" }] });
});

test("an edited stand-in is bundled again, the others are not", async () => {
  const machine = await emptyMachine({ FIDUS_TOOLCHAIN_SOURCE: "build" });
  const calls = await installFakeGo(machine.folder);
  await ensureToolchain(machine.options);
  await appendFile(join(machine.folder, "sources/providers/tls.ts"), 'console.log("edited");\n');
  const report = await ensureToolchain(machine.options);
  expect(report.parts.map(({ source }) => source)).toEqual(["cache", "cache", "cache", "cache", "cache", "built"]);
  expect((await execa(report.parts[5]?.path ?? "")).stdout).toContain("edited");
  expect((await readFile(calls, "utf8")).split("\n").filter((line) => line.startsWith("build "))).toHaveLength(2);
});

test("a changed Go source is built again", async () => {
  const machine = await emptyMachine({ FIDUS_TOOLCHAIN_SOURCE: "build" });
  await installFakeGo(machine.folder);
  await ensureToolchain(machine.options);
  await appendFile(join(machine.folder, "sources/go/docker/main.go"), "// changed\n");
  expect((await ensureToolchain(machine.options)).parts.map(({ source }) => source)).toEqual([
    "cache",
    "cache",
    "built",
    "cache",
    "cache",
    "cache",
  ]);
});

test("a plugin that lost its execute permission is made again", async () => {
  const machine = await emptyMachine({ FIDUS_TOOLCHAIN_SOURCE: "build" });
  await installFakeGo(machine.folder);
  const { parts } = await ensureToolchain(machine.options);
  await chmod(parts[3]?.path ?? "", 0o644);
  expect((await ensureToolchain(machine.options)).parts[3]).toMatchObject({ part: "command", source: "built" });
});
