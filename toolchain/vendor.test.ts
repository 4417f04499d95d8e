import { createHash } from "node:crypto";
import { readFile, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { ensureToolchain } from "./ensure.ts";
import { ToolchainError } from "./errors.ts";
import { executableOf, layoutOf } from "./layout.ts";
import {
  emptyMachine,
  installFakeGo,
  startVendor,
  writeScript,
  type Behaviour,
  type TestSetup,
  type TestVendor,
} from "./testing.ts";
import { partNames, vendorArchive, versions } from "./versions.ts";

async function machineWithVendor(source = "auto", stallMs = 300): Promise<{ vendor: TestVendor; machine: TestSetup }> {
  const vendor = await startVendor();
  const limits = { connectMs: 500, stallMs, attempts: 2 };
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: vendor.url, FIDUS_TOOLCHAIN_SOURCE: source }, { limits });
  return { vendor, machine };
}

const sha256 = (body: Buffer | undefined): string =>
  createHash("sha256")
    .update(body ?? "")
    .digest("hex");

/** No part of a download, and nothing unpacked, is left anywhere. */
async function expectNoLeftovers(root: string): Promise<void> {
  const names = await readdir(root, { recursive: true }).catch(() => []);
  expect(names.filter((name) => /\.partial$|^(downloads|staging)\/./.test(name))).toEqual([]);
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

test("gets every part from the vendor, checks it, and lists it as unpinned", async () => {
  const { vendor, machine } = await machineWithVendor();
  const report = await ensureToolchain(machine.options);
  expect(report.parts.map(({ part, source, trust }) => [part, source, trust])).toEqual(
    partNames.map((part) => [part, "vendor", "unpinned"]),
  );
  expect(report.unpinned).toEqual(partNames);
  for (const { part, path } of report.parts) {
    expect(path).toBe(executableOf(layoutOf({ root: machine.root }), part));
    expect(await readFile(path, "utf8")).toContain(`# ${part} `);
    expect((await stat(path)).mode & 0o777).toBe(0o755);
  }
  const recorded = JSON.parse(await readFile(join(machine.root, "digests.json"), "utf8")) as Record<string, { sha256: string }>;
  const dockerBody = vendor.files.get(new URL(vendorArchive("docker", machine.run.platform).url).pathname);
  expect(recorded[vendor.archives.docker]?.sha256).toBe(sha256(dockerBody));
  expect(Object.keys(recorded)).toHaveLength(5); // the CLI's archive carries the language host
  expect(await exists(join(machine.root, "pulumi-home/plugins/resource-docker-v5.2.0/README.md"))).toBe(false);
  await expectNoLeftovers(machine.root);
});

test("a second run asks nobody and takes less than a second", async () => {
  const { vendor, machine } = await machineWithVendor();
  await ensureToolchain(machine.options);
  const asked = vendor.requests.length;
  const again = await ensureToolchain(machine.options);
  expect(vendor.requests).toHaveLength(asked);
  expect(again.parts.map(({ source, origin }) => [source, origin])).toEqual(partNames.map(() => ["cache", "vendor"]));
  expect(again.unpinned).toEqual(partNames);
  expect(again.ms).toBeLessThan(1000);
});

test("a part with a committed digest is listed as pinned", async () => {
  const { vendor, machine } = await machineWithVendor("vendor");
  const tls = vendor.files.get(new URL(vendorArchive("tls", machine.run.platform).url).pathname);
  const report = await ensureToolchain({ ...machine.options, pins: { [vendor.archives.tls]: sha256(tls) } });
  expect(report.unpinned).toEqual(partNames.filter((part) => part !== "tls"));
  expect(vendor.requests.filter((line) => line.includes("pulumi-tls_"))).toEqual([]); // its list is not needed
});

test("a part that differs from its committed digest is refused, though the vendor's list agrees with it", async () => {
  const { vendor, machine } = await machineWithVendor();
  const pinned = "ab".repeat(32);
  const failure = ensureToolchain({ ...machine.options, pins: { [vendor.archives.docker]: pinned } });
  await expect(failure).rejects.toThrow(`needs ${pinned}, as promised (toolchain/versions.ts)`);
  expect(await exists(executableOf(layoutOf({ root: machine.root }), "docker"))).toBe(false);
  await expectNoLeftovers(machine.root);
});

test("bytes that do not match the vendor's list are refused, in every setting", async () => {
  for (const setting of ["auto", "vendor"]) {
    const { vendor, machine } = await machineWithVendor(setting);
    await installFakeGo(machine.folder);
    vendor.behaviours.set(vendor.archives.docker, "spoil");
    const error = await ensureToolchain(machine.options).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ToolchainError);
    expect(error).toMatchObject({ kind: "integrity", problems: [{ path: `${vendor.archives.docker} sha1` }] });
    expect(await exists(executableOf(layoutOf({ root: machine.root }), "docker"))).toBe(false);
    expect(await exists(join(machine.root, "markers/docker.json"))).toBe(false);
    expect(await exists(join(machine.root, "markers/cli.json"))).toBe(true); // what was complete stays
    await expectNoLeftovers(machine.root);
  }
});

test("an archive that changed since its first use is refused, even with a new matching list", async () => {
  const { vendor, machine } = await machineWithVendor();
  await ensureToolchain(machine.options);
  await rm(join(machine.root, "pulumi-home"), { recursive: true });
  await vendor.publish("docker", "v6.6.6");
  const failure = ensureToolchain(machine.options);
  await expect(failure).rejects.toThrow(/docker.* sha256: got "[0-9a-f]{64}"; needs [0-9a-f]{64}, as at its first use/);
  await expect(failure).rejects.toThrow(join(machine.root, "digests.json"));
  expect(await exists(executableOf(layoutOf({ root: machine.root }), "docker"))).toBe(false);
});

test("an archive that is the same as at its first use is taken without asking for the list again", async () => {
  const { vendor, machine } = await machineWithVendor();
  await ensureToolchain(machine.options);
  await rm(join(machine.root, "pulumi-home/plugins/resource-docker-v5.2.0"), { recursive: true });
  vendor.requests.length = 0;
  const report = await ensureToolchain(machine.options);
  expect(report.parts.map(({ source }) => source)).toEqual(["cache", "cache", "vendor", "cache", "cache", "cache"]);
  expect(vendor.requests.map((line) => line.replace(/ .*\//, " "))).toEqual([
    `HEAD ${vendor.archives.docker}`,
    `GET ${vendor.archives.docker}`,
  ]);
  expect(report.unpinned).toContain("docker");
});

const outages: readonly [string, Behaviour][] = [
  ["stalls", "stall"],
  ["breaks off", "truncate"],
  ["answers 503", "fail"],
  ["answers 403", "refuse"],
];
test.each(outages)("a vendor that %s midway is left for our own build, and the report says so", async (_name, behaviour) => {
  const { vendor, machine } = await machineWithVendor();
  await installFakeGo(machine.folder);
  vendor.behaviours.set(vendor.archives.docker, behaviour);
  const report = await ensureToolchain(machine.options);
  expect(report.parts[2]).toMatchObject({ part: "docker", source: "built", trust: "built" });
  expect(report.parts[0]).toMatchObject({ part: "cli", source: "vendor" });
  expect(await readFile(executableOf(layoutOf({ root: machine.root }), "docker"), "utf8")).toContain(`echo v${versions.pulumi}`);
  expect(machine.events.filter(({ phase }) => phase === "fallback").map(({ part }) => part)).toContain("docker");
  await expectNoLeftovers(machine.root);
});

test("a stall is tried again and, once over, costs nothing else", async () => {
  const { vendor, machine } = await machineWithVendor("vendor");
  vendor.behaviours.set(vendor.archives.docker, "stall");
  const running = ensureToolchain({
    ...machine.options,
    log: (event) => {
      machine.events.push(event);
      if (event.message.includes("try 2 of 2")) vendor.behaviours.set(vendor.archives.docker, "serve");
    },
  });
  expect((await running).parts[2]).toMatchObject({ part: "docker", source: "vendor" });
  expect(vendor.requests.filter((line) => line.startsWith("GET") && line.endsWith(vendor.archives.docker))).toHaveLength(2);
});

test("with only the vendor allowed, a stall ends with the reason and a way out", async () => {
  const { vendor, machine } = await machineWithVendor("vendor");
  vendor.behaviours.set(vendor.archives.docker, "stall");
  const failure = ensureToolchain(machine.options);
  await expect(failure).rejects.toThrow(
    /^toolchain\.docker: got ".*docker.*"; needs a way to get it \(FIDUS_TOOLCHAIN_SOURCE=vendor\)\. Let this machine reach/,
  );
  await expectNoLeftovers(machine.root);
});

test("a part without any list of sums is not used", async () => {
  const { vendor, machine } = await machineWithVendor("vendor");
  for (const path of vendor.files.keys()) if (path.includes("pulumi-random_")) vendor.files.delete(path);
  await expect(ensureToolchain(machine.options)).rejects.toThrow("no list of sums to verify pulumi-resource-random-v4.21.2");
  expect(await exists(executableOf(layoutOf({ root: machine.root }), "random"))).toBe(false);
});

test("a vendor that refuses at the door is asked once, and everything is built", async () => {
  const { vendor, machine } = await machineWithVendor();
  await installFakeGo(machine.folder);
  for (const file of Object.values(vendor.archives)) vendor.behaviours.set(file, "refuse");
  const report = await ensureToolchain(machine.options);
  expect(vendor.requests).toHaveLength(1);
  expect(machine.events.filter(({ phase }) => phase === "fallback").map(({ part }) => part)).toEqual(["toolchain"]); // told once
  expect(report.parts.map(({ source }) => source)).toEqual(partNames.map(() => "built"));
  expect(report.unpinned).toEqual([]);
});

test("a vendor behind a closed port is given up within the connect limit", async () => {
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: "http://127.0.0.1:1" });
  await installFakeGo(machine.folder);
  const report = await ensureToolchain(machine.options);
  expect(report.parts.every(({ source }) => source === "built")).toBe(true);
  const { elapsedMs } = machine.events.find(({ phase }) => phase === "fallback") ?? { elapsedMs: Number.NaN };
  expect(elapsedMs).toBeLessThan(5000);
});

test("the plugin of a cloud is got only where it is asked for, from the vendor", async () => {
  const { vendor, machine } = await machineWithVendor();
  const asked = (): string[] => vendor.requests.filter((line) => /aws|cloudflare|hcloud/.test(line));
  await ensureToolchain(machine.options);
  expect(asked()).toEqual([]);
  const report = await ensureToolchain({ ...machine.options, clouds: ["cloudflare", "hcloud"] });
  const clouds = report.parts.slice(partNames.length);
  expect(clouds.map(({ part, source, version }) => [part, source, version])).toEqual([
    ["cloudflare", "vendor", versions.cloudflare],
    ["hcloud", "vendor", versions.hcloud],
  ]);
  expect(await readFile(clouds[1]?.path ?? "", "utf8")).toContain("# hcloud ");
  expect(asked().some((line) => line.includes("aws"))).toBe(false);
});

test("without the vendor the plugin of a cloud is refused with what helps, and what the user's own engine has is taken", async () => {
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: "http://127.0.0.1:1" });
  await installFakeGo(machine.folder);
  const options = { ...machine.options, clouds: ["hcloud"] } as const;
  const refused = await ensureToolchain(options).catch((error: unknown) => error);
  expect(refused).toMatchObject({
    kind: "unavailable",
    problems: [
      { path: "toolchain.hcloud", fix: expect.stringContaining(`pulumi plugin install resource hcloud ${versions.hcloud}`) },
    ],
  });
  const own = join(machine.folder, `home/.pulumi/plugins/resource-hcloud-v${versions.hcloud}/pulumi-resource-hcloud`);
  await writeScript(own, "exit 0");
  const report = await ensureToolchain(options);
  expect(report.parts.at(-1)).toMatchObject({ part: "hcloud", source: "path", trust: "path" });
});

test("every plugin of a cloud that cannot be had is named at once, and what can be had stays", async () => {
  const machine = await emptyMachine({ FIDUS_VENDOR_BASE_URL: "http://127.0.0.1:1" });
  await installFakeGo(machine.folder);
  const refused = await ensureToolchain({ ...machine.options, clouds: ["cloudflare", "hcloud"] }).catch(
    (error: unknown) => error,
  );
  const problems = ["cloudflare", "hcloud"].map((cloud) => ({ path: `toolchain.${cloud}` }));
  expect(refused).toMatchObject({ kind: "unavailable", problems });
  expect((await ensureToolchain(machine.options)).parts.every(({ source }) => source === "cache")).toBe(true);
});

test("downloads report their progress in bytes and percent", async () => {
  const { machine } = await machineWithVendor("vendor");
  await ensureToolchain(machine.options);
  const last = machine.events.findLast(({ part, phase, bytes }) => part === "cli" && phase === "download" && bytes !== undefined);
  expect(last).toMatchObject({ percent: 100, bytes: last?.totalBytes });
  expect(machine.events.filter(({ phase }) => phase === "done").map(({ part }) => part)).toEqual(partNames);
});

test("downloads go through the proxy of the environment", async () => {
  const vendor = await startVendor();
  const asProxy: string[] = [];
  vendor.onRequest((line) => asProxy.push(line));
  const env = { FIDUS_VENDOR_BASE_URL: "http://vendor.invalid", FIDUS_TOOLCHAIN_SOURCE: "vendor", HTTP_PROXY: vendor.url };
  const machine = await emptyMachine(env);
  const report = await ensureToolchain(machine.options);
  expect(report.parts.every(({ source }) => source === "vendor")).toBe(true);
  expect(asProxy.every((line) => line.includes(" http://vendor.invalid/"))).toBe(true);
});

test("a mirror's password reaches no message and no file", async () => {
  const { vendor, machine } = await machineWithVendor("vendor");
  const env = { ...machine.options.env, FIDUS_VENDOR_BASE_URL: vendor.url.replace("http://", "http://me:hunter2@") };
  await ensureToolchain({ ...machine.options, env });
  await rm(join(machine.root, "markers/tls.json"));
  vendor.behaviours.set(vendor.archives.tls, "refuse");
  const error = await ensureToolchain({ ...machine.options, env }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ToolchainError);
  const texts = [String(error), JSON.stringify(machine.events), await readFile(join(machine.root, "digests.json"), "utf8")];
  expect(texts.join("\n")).not.toContain("hunter2");
});
