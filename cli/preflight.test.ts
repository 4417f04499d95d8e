import { expect, test } from "vitest";
import { findModel } from "../infra/core/models.ts";
import type { Engine } from "./docker.ts";
import { hostChecks, refuseUnfit, type Check, type HostFacts } from "./preflight.ts";

const gb = 1024 ** 3;

const info: Engine["info"] = {
  Name: "vm",
  ServerVersion: "28.5.2",
  OperatingSystem: "Debian GNU/Linux 13 (trixie)",
  OSType: "linux",
  Architecture: "x86_64",
  KernelVersion: "6.12",
  NCPU: 4,
  MemTotal: 16 * gb,
  DockerRootDir: "/var/lib/docker",
  SystemTime: "2026-11-21T10:00:00Z",
  CgroupVersion: "2",
  SecurityOptions: ["name=seccomp,profile=builtin"],
  MemoryLimit: true,
  SwapLimit: true,
  PidsLimit: true,
  IPv4Forwarding: true,
};
const host = "unix:///var/run/docker.sock";
const engine: Engine = {
  host,
  source: "default socket",
  env: { DOCKER_HOST: host },
  version: "28.5.2",
  apiVersion: "1.51",
  info,
  remote: false,
  virtual: false,
  rootless: false,
};
const fit: HostFacts = {
  engine,
  cores: 4,
  memory: { total: 16 * gb, available: 12 * gb },
  disks: [{ label: "Docker", path: "/var/lib/docker", free: 50 * gb, total: 100 * gb }],
  ports: [{ key: "pagePort", address: "127.0.0.1", port: 3000, holder: { kind: "free" } }],
  clockSkew: 0,
  now: Date.UTC(2026, 10, 21),
  loopbackClosed: null,
  ours: "nothing",
  model: null,
};

function withMemory(total: number, available: number | null): Partial<HostFacts> {
  return { memory: { total: total * gb, available: available === null ? null : available * gb } };
}

function withInfo(change: Partial<Engine["info"]>): Partial<HostFacts> {
  return { engine: { ...engine, info: { ...info, ...change } } };
}

function withEngine(change: Partial<Engine>): Partial<HostFacts> {
  return { engine: { ...engine, ...change } };
}

function check(change: Partial<HostFacts>, id: string): Check {
  const found = hostChecks({ ...fit, ...change }).find((candidate) => candidate.id === id);
  if (found === undefined) throw new Error(`no check ${id}`);
  return found;
}

test("a machine as recommended passes every check, and there is nothing to say [C-04]", () => {
  const checks = hostChecks(fit);
  expect(checks.map(({ id, status }) => [id, status])).toEqual([
    ["engine", "ok"],
    ["cores", "ok"],
    ["memory", "ok"],
    ["disk-docker", "ok"],
    ["port-3000", "ok"],
    ["network", "ok"],
    ["loopback", "ok"],
    ["clock", "ok"],
    ["kernel", "ok"],
  ]);
  expect(refuseUnfit(checks)).toEqual([]);
});

test.each([
  ["cores", { cores: 1 }, { cores: 2 }, "cores: got 1; needs 2 or more."],
  ["memory", withMemory(16, 3.9), withMemory(16, 4), 'memory: got "3.9 GB free of 16 GB"; needs 4 GB free.'],
  [
    "disk-docker",
    { disks: [{ label: "Docker", path: "/d", free: 14.4 * gb, total: 100 * gb }] },
    { disks: [{ label: "Docker", path: "/d", free: 15 * gb, total: 100 * gb }] },
    '/d: got "14 GB free"; needs 15 GB free.',
  ],
  [
    "clock",
    { now: Date.UTC(2020, 0, 1) },
    { now: Date.UTC(2027, 0, 1) },
    'clock: got "2020-01-01T00:00:00.000Z"; needs today\'s date.',
  ],
  [
    "clock",
    { clockSkew: -61 },
    { clockSkew: 60 },
    'clock: got "-61 s between this machine and the engine\'s"; needs at most 60 s.',
  ],
])("%s: one step below the limit is refused, the limit itself is not [C-04]", (id, below, at, message) => {
  expect(check(below, id)).toMatchObject({ status: "fail", detail: expect.stringContaining(message) });
  expect(check(at, id).status).not.toBe("fail");
});

test.each([
  ["cores", { cores: 3 }],
  ["memory", withMemory(15, 10)],
  ["disk-docker", { disks: [{ label: "Docker", path: "/d", free: 50 * gb, total: 99 * gb }] }],
  ["engine", withEngine({ version: "23.0.6" })],
  ["engine", withEngine({ rootless: true })],
  ["engine", withEngine({ virtual: true })],
  ["disk-engine", withEngine({ remote: true })],
  ["kernel", withInfo({ MemoryLimit: false })],
  ["kernel", withInfo({ IPv4Forwarding: false })],
  ["kernel", withInfo({ SecurityOptions: [] })],
])("%s below what is recommended or tested warns and does not refuse", (id, change) => {
  expect(check(change, id)).toMatchObject({ status: "warn", problem: null });
  const { title, detail } = check(change, id);
  expect(refuseUnfit(hostChecks({ ...fit, ...change }))).toContainEqual(expect.stringContaining(`${title}: ${detail}.`));
});

test("what our own running containers use is not missing", () => {
  const small = { ...withMemory(16, 1), disks: [{ label: "Docker", path: "/d", free: 4 * gb, total: 200 * gb }] };
  expect(check(small, "memory").status).toBe("fail");
  expect(check({ ...small, ours: "running" }, "memory").status).toBe("ok");
  expect(check({ ...small, ours: "running" }, "disk-docker").status).toBe("warn");
  expect(check({ ...small, ...withMemory(2, 1), ours: "running" }, "memory").status).toBe("fail");
});

test("once the images are there, only what an update needs is asked for", () => {
  const installed = (memory: number, disk: number): Partial<HostFacts> => ({
    ...withMemory(16, memory),
    disks: [{ label: "Docker", path: "/d", free: disk * gb, total: 200 * gb }],
    ours: "installed",
  });
  expect(check(installed(2, 5), "memory").status).toBe("ok");
  expect(check(installed(2, 5), "disk-docker").status).toBe("ok");
  expect(check(installed(1.9, 5), "memory").problem).toMatchObject({ got: "1.9 GB free of 16 GB", rule: "2 GB free" });
  expect(check(installed(2, 4.9), "disk-docker").problem).toMatchObject({ path: "/d", got: "4.9 GB free", rule: "5 GB free" });
  expect(check({ ...installed(2, 5), ours: "nothing" }, "memory").problem).toMatchObject({ rule: "4 GB free" });
  expect(check({ ...installed(2, 5), ours: "nothing" }, "disk-docker").problem).toMatchObject({ rule: "15 GB free" });
});

test("an engine elsewhere is judged by its machine's whole memory", () => {
  expect(check({ ...withEngine({ remote: true }), ...withMemory(3, null) }, "memory").status).toBe("fail");
  expect(check({ ...withEngine({ remote: true }), ...withMemory(16, null) }, "memory").status).toBe("ok");
});

test("a model larger than the machine is refused, one for which memory is short only now is a warning", () => {
  const model = findModel("llama3.1:8b");
  expect(check({ model, ...withMemory(6, 5) }, "model").problem).toEqual({
    path: "model",
    got: "llama3.1:8b",
    rule: "7 GB of memory, and the machine has 6.4 GB",
    fix: "./fidus choose --model auto",
  });
  expect(check({ model, ...withMemory(16, 5) }, "model")).toMatchObject({ status: "warn", fix: "./fidus choose --model auto" });
  expect(check({ model, ...withMemory(16, 5), ours: "running" }, "model").status).toBe("ok");
  expect(check({ model, ...withMemory(16, 7) }, "model").status).toBe("ok");
  expect(check({ model, ...withMemory(16, null) }, "model").status).toBe("ok");
});

test("before there is an engine the machine itself is judged", () => {
  const checks = hostChecks({ ...fit, engine: null, ...withMemory(16, 3), cores: 1 });
  expect(checks.map(({ id, status }) => [id, status])).toEqual([
    ["cores", "fail"],
    ["memory", "fail"],
    ["disk-docker", "ok"],
    ["port-3000", "ok"],
    ["network", "ok"],
    ["clock", "ok"],
  ]);
});

test("a port is ours, free, or held by somebody named with the command that takes another", () => {
  const port = (
    holder: HostFacts["ports"][number]["holder"],
    key: HostFacts["ports"][number]["key"] = "pagePort",
  ): Partial<HostFacts> => ({
    ports: [{ key, address: "127.0.0.1", port: 3000, holder }],
  });
  expect(check(port({ kind: "ours" }), "port-3000").status).toBe("ok");
  expect(check(port({ kind: "other", name: "nginx (pid 42)" }), "port-3000").problem).toEqual({
    path: "pagePort",
    got: "127.0.0.1:3000, held by nginx (pid 42)",
    rule: "a free port",
    fix: "./fidus choose --port 13000",
  });
  expect(check(port({ kind: "other", name: "x" }, "apiPort"), "port-3000").fix).toBe("./fidus choose --api-port 13000");
  expect(check(port({ kind: "other", name: "x" }, "httpsPort"), "port-3000").fix).toBe("pulumi config set httpsPort 13000");
  expect(check(port({ kind: "other", name: "x" }, "redisPort"), "port-3000").fix).toBe("pulumi config set redisPort 13000");
  expect(check(port({ kind: "no-address" }), "port-3000").problem).toEqual({
    path: "bindAddress",
    got: "127.0.0.1",
    rule: "an address of the engine's machine",
    fix: "pulumi config rm bindAddress",
  });
});

test.each([
  ["an engine before 28 on loopback", withEngine({ version: "26.1.5" }), "warn"],
  ["the same behind the rule that closes it", { ...withEngine({ version: "26.1.5" }), loopbackClosed: true }, "ok"],
  ["the same without ports on loopback", { ...withEngine({ version: "26.1.5" }), ports: [] }, "ok"],
  ["an engine before 28 on another machine", withEngine({ version: "26.1.5", remote: true }), "warn"],
  ["engine 28", withEngine({ version: "28.0.0" }), "ok"],
])("%s: %s", (_name, change, status) => {
  const found = check(change, "loopback");
  expect(found.status).toBe(status);
  if (status === "warn") expect(found.fix).toMatch(/^Close them( on the engine's machine)?: sudo iptables /);
});

test.each([
  ["every address without a domain", "pagePort", "0.0.0.0", "warn"],
  ["an address of the local network without a domain", "pagePort", "192.168.1.5", "warn"],
  ["this machine alone", "pagePort", "127.0.0.2", "ok"],
  ["every address with a domain, so with TLS", "httpPort", "0.0.0.0", "ok"],
] as const)("published on %s: %s %s %s", (_name, key, address, status) => {
  const found = check({ ports: [{ key, address, port: 3000, holder: { kind: "free" } }] }, "network");
  expect(found.status).toBe(status);
  if (status === "warn") expect(found.detail).toContain(`bindAddress ${address} serves HTTP without encryption`);
});

test("all failures are thrown at once, exit 1", () => {
  const checks = hostChecks({ ...fit, cores: 1, ...withMemory(16, 1) });
  expect(() => refuseUnfit(checks)).toThrow(
    expect.objectContaining({
      exitCode: 1,
      code: "preflight",
      problems: [expect.objectContaining({ path: "cores" }), expect.objectContaining({ path: "memory" })],
    }),
  );
});
