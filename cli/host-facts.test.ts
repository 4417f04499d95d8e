import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { cpus, tmpdir, totalmem } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Engine } from "./docker.ts";
import type { PublishedPort } from "../infra/config/published-ports.ts";
import { measureHost, type MeasureOptions } from "./host-facts.ts";
import { resolvePaths } from "./paths.ts";
import type { Run } from "./run.ts";

const host = "unix:///var/run/docker.sock";
let home = "";
let engine: Engine;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "fidus-facts-"));
  const info = { DockerRootDir: home, SystemTime: new Date().toISOString(), MemTotal: 8e9, NCPU: 2 } as Engine["info"];
  engine = {
    host,
    source: "default socket",
    env: { DOCKER_HOST: host },
    version: "26.1",
    apiVersion: "1.45",
    info,
    remote: false,
    virtual: false,
    rootless: false,
  };
});

afterEach(() => rm(home, { recursive: true, force: true }));

/** A docker whose `ps` prints these rows: name, owner, ports. iptables knows the rule when `closed`. */
function fakeRun(rows: readonly string[], closed = false): Run {
  return async (command) => ({
    code: command === "iptables" && !closed ? 1 : 0,
    stdout: command === "docker" ? rows.join("\n") : "",
    stderr: "",
  });
}

async function holderOf(wish: PublishedPort, rows: readonly string[] = [], change: Partial<Engine> = {}) {
  const { holderOf } = await measureHost({
    engine: { ...engine, ...change },
    paths: resolvePaths({ HOME: home }, home),
    env: {},
    installation: "a1b2c3",
    images: [],
    run: fakeRun(rows),
  });
  return holderOf(wish);
}

test("a port that nobody has is free, and one that a program has names the program", async () => {
  const server = await listen();
  const port = portOf(server);
  expect(await holderOf({ key: "pagePort", address: "127.0.0.1", port })).toEqual({
    kind: "other",
    name: `${basename(process.execPath)} (pid ${process.pid})`,
  });
  await close(server);
  expect(await holderOf({ key: "pagePort", address: "127.0.0.1", port })).toEqual({ kind: "free" });
});

test("an address that this machine does not have is told apart from a taken port", async () => {
  for (const address of ["192.0.2.1", "fe80::1"])
    expect(await holderOf({ key: "pagePort", address, port: 3000 })).toEqual({ kind: "no-address" });
});

test.each([
  ["our own container", "fidus-a1b2c3-community-proxy\ta1b2c3\t127.0.0.1:45000->8080/tcp", { kind: "ours" }],
  [
    "another installation's container",
    "fidus-ffffff-community-proxy\tffffff\t127.0.0.1:45000->8080/tcp",
    { kind: "other", name: "container fidus-ffffff-community-proxy" },
  ],
  ["a container on every address", "web\t\t0.0.0.0:45000->80/tcp, :::45000->80/tcp", { kind: "other", name: "container web" }],
  ["a container with a range", "web\t\t127.0.0.1:44990-45010->80-100/tcp", { kind: "other", name: "container web" }],
])("a port published by %s", async (_name, row, holder) => {
  expect(await holderOf({ key: "pagePort", address: "127.0.0.1", port: 45_000 }, [row])).toEqual(holder);
});

test("a container on another address or port does not have it", async () => {
  const server = await listen();
  const port = portOf(server);
  await close(server);
  expect(
    await holderOf({ key: "pagePort", address: "127.0.0.1", port }, [
      `web\t\t10.0.0.5:${port}->80/tcp`,
      "web\t\t80/tcp",
      "x\t\t",
    ]),
  ).toEqual({ kind: "free" });
});

test("on a remote engine only its containers count, not this machine's programs", async () => {
  const server = await listen();
  expect(await holderOf({ key: "pagePort", address: "127.0.0.1", port: portOf(server) }, [], { remote: true })).toEqual({
    kind: "free",
  });
  await close(server);
});

test("one file system is measured once, also where its folders do not exist yet", async () => {
  const { measures } = await measure({ run: fakeRun([], true) });
  expect(measures.disks).toEqual([{ label: "Docker", path: home, free: expect.any(Number), total: expect.any(Number) }]);
  expect(measures).toMatchObject({ ours: "nothing", loopbackClosed: true, clockSkew: 0 });
});

test("our own running containers are noticed, and images that the stack recorded", async () => {
  const running = fakeRun(["fidus-a1b2c3-community-api\ta1b2c3\t"]);
  const ours = async (change: Partial<MeasureOptions>) => (await measure(change)).measures.ours;
  expect(await ours({ run: running, installation: "a1b2c3" })).toBe("running");
  expect(await ours({ run: running, installation: "ffffff" })).toBe("nothing");
  const listed = fakeRun(["fidus/app:0123456789ab", "fidus/base:0123456789ab"]);
  expect(await ours({ run: listed, images: ["fidus/app:0123456789ab", "fidus/proxy:ffffffffffff"] })).toBe("installed");
  expect(await ours({ run: listed, images: ["fidus/app:ffffffffffff"] })).toBe("nothing");
  expect(await ours({ run: listed, images: [] })).toBe("nothing");
});

test("memory and cores are those of the engine's machine, and what is free only where it can be read", async () => {
  const here = (await measure({})).measures;
  expect(here).toMatchObject({ cores: 2, memory: { total: 8e9, available: expect.any(Number) as number } });
  const there = (await measure({ engine: { ...engine, remote: true } })).measures;
  expect(there).toMatchObject({ cores: 2, memory: { total: 8e9, available: null } });
  // Docker's disk is not this machine's.
  expect(there.disks.map(({ label }) => label)).toEqual(["Fidus data"]);
});

test("before there is an engine this machine is measured", async () => {
  const { measures } = await measure({ engine: null });
  expect(measures).toMatchObject({ engine: null, cores: cpus().length, ours: "nothing" });
  expect(measures.memory.total).toBe(totalmem());
  expect(measures.disks[0]).toMatchObject({ label: "Docker", path: "/var/lib/docker" });
});

function measure(change: Partial<MeasureOptions>) {
  const paths = resolvePaths({ HOME: home }, home);
  return measureHost({ engine, paths, env: {}, installation: null, images: [], run: fakeRun([]), ...change });
}

function listen(): Promise<Server> {
  const server = createServer();
  return new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server)));
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
