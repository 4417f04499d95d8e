import { expect, test } from "vitest";
import { findEngine, type DockerDeps } from "./docker.ts";
import { isOlder, isRemote } from "./docker-refusals.ts";
import { run as realRun, type RunResult } from "./run.ts";

const info = {
  Name: "vm",
  ServerVersion: "26.1.5",
  OperatingSystem: "Debian GNU/Linux 13 (trixie)",
  OSType: "linux",
  Architecture: "x86_64",
  KernelVersion: "6.12",
  NCPU: 4,
  MemTotal: 16e9,
  DockerRootDir: "/var/lib/docker",
  SystemTime: "2026-11-21T10:00:00Z",
  CgroupVersion: "2",
  SecurityOptions: ["name=seccomp,profile=builtin"],
  MemoryLimit: true,
  SwapLimit: true,
  PidsLimit: true,
  IPv4Forwarding: true,
};
const server = { Version: "26.1.5+dfsg1", ApiVersion: "1.45", Os: "linux", Components: [{ Name: "Engine", Version: "26.1.5" }] };
const defaultContext = { Name: "default", Endpoints: { docker: { Host: "unix:///var/run/docker.sock" } }, TLSMaterial: {} };

interface Fake {
  /** Answers of `docker version` by host; a string is what it prints when it fails. */
  readonly engines?: Readonly<Record<string, typeof server | string>>;
  readonly context?: object | string;
  readonly cli?: "missing" | string;
  readonly sockets?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly about?: Partial<typeof info>;
}

/** A docker command that knows these engines, and remembers which it was sent to. */
function fake({
  engines = {},
  context = defaultContext,
  cli = "Docker version 28.2.2",
  sockets = [],
  env = {},
  about = {},
}: Fake): DockerDeps & { asked: string[] } {
  const asked: string[] = [];
  const done = (stdout: string): RunResult => ({ code: 0, stdout, stderr: "" });
  const failed = (stderr: string): RunResult => ({ code: 1, stdout: "", stderr });
  const answer = (args: readonly string[], host: string): RunResult => {
    if (args[0] === "--version") return cli === "missing" ? { code: 127, stdout: "", stderr: "" } : done(cli);
    if (args[0] === "context") return typeof context === "string" ? failed(context) : done(JSON.stringify(context));
    if (args[0] === "version") asked.push(host);
    const engine = engines[host] ?? "Cannot connect to the Docker daemon";
    if (typeof engine === "string") return failed(engine);
    return done(JSON.stringify(args[0] === "version" ? { Client: {}, Server: engine } : { ...info, ...about }));
  };
  return {
    env: { HOME: "/home/a", ...env },
    run: async (_command, args, options) => answer(args, options?.env?.["DOCKER_HOST"] ?? ""),
    exists: (file) => sockets.includes(file),
    platform: "linux",
    asked,
  };
}

const socket = "unix:///var/run/docker.sock";
const sockets = ["/var/run/docker.sock"];

test("the default socket is found, with what the engine says about itself", async () => {
  expect(await findEngine(fake({ engines: { [socket]: server }, sockets }))).toEqual({
    kind: "found",
    engine: {
      host: socket,
      source: "default socket",
      env: { DOCKER_HOST: socket },
      version: "26.1.5+dfsg1",
      apiVersion: "1.45",
      info,
      remote: false,
      virtual: false,
      rootless: false,
    },
  });
});

test("DOCKER_HOST goes before the context and the sockets, and nothing takes its place when it does not answer", async () => {
  const far = "ssh://ops@box";
  const deps = fake({ engines: { [far]: server, [socket]: server }, sockets, env: { DOCKER_HOST: far } });
  expect(await findEngine(deps)).toMatchObject({ kind: "found", engine: { host: far, source: "DOCKER_HOST", remote: true } });
  const silent = fake({
    engines: { [far]: "ssh: connect to host box port 22: refused", [socket]: server },
    sockets,
    env: { DOCKER_HOST: far },
  });
  expect(await findEngine(silent)).toMatchObject({
    kind: "refused",
    error: { exitCode: 1, problems: [{ path: "DOCKER_HOST", got: `${far} (ssh: connect to host box port 22: refused)` }] },
  });
  expect(silent.asked).toEqual([far]);
});

test("another machine's engine is asked over SSH; over TCP it is refused by name and not asked, on this machine it is", async () => {
  const open = "tcp://10.0.0.2:2375";
  const deps = fake({ engines: { [open]: server, [socket]: server }, sockets, env: { DOCKER_HOST: open } });
  expect(await findEngine(deps)).toMatchObject({
    kind: "refused",
    error: {
      exitCode: 1,
      code: "engine-refused",
      problems: [{ path: "DOCKER_HOST", got: open, fix: "export DOCKER_HOST=ssh://root@10.0.0.2" }],
    },
  });
  expect(deps.asked).toEqual([]);
  const near = "tcp://127.0.0.1:2375";
  expect(await findEngine(fake({ engines: { [near]: server }, env: { DOCKER_HOST: near } }))).toMatchObject({ kind: "found" });
});

test("DOCKER_HOST that names the default socket means this machine's engine, which may be started; no other takes its place", async () => {
  const colima = "unix:///home/a/.colima/default/docker.sock";
  const beside = { engines: { [colima]: server }, sockets: [...sockets, "/home/a/.colima/default/docker.sock"] };
  expect(await findEngine(fake({ ...beside, env: { DOCKER_HOST: socket } }))).toMatchObject({ kind: "none" });
  expect(await findEngine(fake(beside))).toMatchObject({ kind: "found", engine: { host: colima } });
  expect(await findEngine(fake({ env: { DOCKER_HOST: socket }, sockets }))).toMatchObject({ kind: "none", cli: true });
});

test("the recorded engine alone is asked: nothing takes its place, whatever the environment names", async () => {
  const far = "ssh://ops@box";
  const rootless = "unix:///run/user/1000/docker.sock";
  const around = {
    engines: { [rootless]: server, [far]: server },
    sockets: [...sockets, "/run/user/1000/docker.sock"],
    env: { XDG_RUNTIME_DIR: "/run/user/1000", DOCKER_HOST: far },
  };
  const own = { ...fake(around), recorded: socket };
  // This machine's own engine may be started; the rootless one is not it.
  expect(await findEngine(own)).toEqual({ kind: "none", cli: true, tried: [`${socket}: Cannot connect to the Docker daemon`] });
  expect(own.asked).toEqual([socket]);
  const other = { ...fake(around), recorded: "unix:///srv/docker.sock" };
  expect(await findEngine(other)).toMatchObject({
    kind: "refused",
    error: {
      exitCode: 1,
      problems: [
        {
          path: "dockerHost",
          got: "unix:///srv/docker.sock (Cannot connect to the Docker daemon)",
          rule: "an engine that answers `docker version`",
          fix: "Start that engine; if the address is wrong: pulumi config set dockerHost unix:///var/run/docker.sock",
        },
      ],
    },
  });
  expect(other.asked).toEqual(["unix:///srv/docker.sock"]);
  expect(await findEngine({ ...fake(around), recorded: rootless })).toMatchObject({
    kind: "found",
    engine: { host: rootless, source: "recorded" },
  });
});

test("the current context is used; one that does not answer, does not exist or has TLS files is refused by name", async () => {
  const context = { ...defaultContext, Name: "box", Endpoints: { docker: { Host: "ssh://ops@box" } } };
  expect(await findEngine(fake({ context, engines: { "ssh://ops@box": server } }))).toMatchObject({
    kind: "found",
    engine: { source: "context box" },
  });
  expect(await findEngine(fake({ context, sockets, engines: { [socket]: server } }))).toMatchObject({
    kind: "refused",
    error: { problems: [{ path: "context box", fix: "docker context use default" }] },
  });
  const gone = fake({ context: 'context "box" does not exist', env: { DOCKER_CONTEXT: "box" } });
  expect(await findEngine(gone)).toMatchObject({
    kind: "refused",
    error: { problems: [{ got: 'context "box" does not exist', fix: "unset DOCKER_CONTEXT" }] },
  });
  const tls = fake({ context: { ...context, TLSMaterial: { docker: ["ca.pem"] } } });
  expect(await findEngine(tls)).toMatchObject({ kind: "refused", error: { problems: [{ got: "box, with TLS files" }] } });
});

test("a rootless engine is found behind a default socket whose engine is dead", async () => {
  const rootless = "unix:///run/user/1000/docker.sock";
  const deps = fake({
    engines: { [rootless]: server },
    sockets: [...sockets, "/run/user/1000/docker.sock"],
    env: { XDG_RUNTIME_DIR: "/run/user/1000" },
    about: { SecurityOptions: ["name=rootless"] },
  });
  expect(await findEngine(deps)).toMatchObject({
    kind: "found",
    engine: { host: rootless, source: "rootless socket", rootless: true },
  });
  expect(deps.asked).toEqual([socket, rootless]);
});

test("nothing anywhere is no refusal: an engine may be installed", async () => {
  expect(await findEngine(fake({}))).toEqual({ kind: "none", cli: true, tried: [] });
  expect(await findEngine(fake({ cli: "missing" }))).toEqual({ kind: "none", cli: false, tried: [] });
});

test("a socket that is closed to this user names the group", async () => {
  const denied = fake({
    engines: { [socket]: "permission denied while trying to connect to the Docker daemon socket" },
    sockets,
  });
  expect(await findEngine(denied)).toMatchObject({
    kind: "refused",
    error: { problems: [{ path: socket, got: "permission denied", fix: expect.stringContaining("usermod -aG docker") }] },
  });
});

test.each([
  ["Docker 20.10, the oldest shown", { Version: "20.10.0+dfsg1" }, "found"],
  ["Docker 19.03", { Version: "19.03.15" }, "refused"],
  ["Windows containers", { Os: "windows" }, "refused"],
  ["Podman's Docker API", { Version: "5.4.0", Components: [{ Name: "Podman Engine", Version: "5.4.0" }] }, "refused"],
])("%s: %j is %s", async (_name, change, kind) => {
  expect(await findEngine(fake({ engines: { [socket]: { ...server, ...change } }, sockets }))).toMatchObject({ kind });
});

test("refusals of an engine say what is there and what is needed", async () => {
  const old = fake({ engines: { [socket]: { ...server, Version: "19.03.15" } }, sockets });
  expect(await findEngine(old)).toMatchObject({
    error: { exitCode: 1, problems: [{ path: socket, got: "Docker 19.03.15", rule: "Docker 20.10 or newer" }] },
  });
  expect(await findEngine(fake({ cli: "podman version 5.4.0" }))).toMatchObject({
    kind: "refused",
    error: { problems: [{ path: "docker on PATH", got: "podman version 5.4.0" }] },
  });
});

test("a program that is not there is exit 127, one that takes too long 124", async () => {
  expect((await realRun("fidus-no-such-program", [])).code).toBe(127);
  expect((await realRun("sleep", ["30"], { timeoutMs: 50 })).code).toBe(124);
  expect(await realRun("sh", ["-c", "echo out; echo err >&2; exit 3"])).toEqual({ code: 3, stdout: "out", stderr: "err" });
});

test.each([
  ["20.10.24+dfsg1", "20.10", false],
  ["20.9.1", "20.10", true],
  ["26.1.5", "28.0", true],
  ["v29.0.0", "28.0", false],
  ["dev", "28.0", false],
])("%s older than %s: %s", (version, than, older) => expect(isOlder(version, than)).toBe(older));

test.each([
  ["unix:///var/run/docker.sock", false],
  ["ssh://box", true],
  ["tcp://10.0.0.2:2376", true],
  ["tcp://127.0.0.1:2375", false],
  ["tcp://[::1]:2375", false],
  ["tcp://localhost:2375", false],
])("%s is remote: %s", (host, remote) => expect(isRemote(host)).toBe(remote));
