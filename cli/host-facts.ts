import { statfs, readFile, readlink, readdir, stat } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { basename, dirname } from "node:path";
import { installationLabel } from "../infra/core/naming.ts";
import type { Engine } from "./docker.ts";
import type { Paths } from "./paths.ts";
import type { Disk, HostFacts, PortHolder, PortKey, PortUse } from "./preflight.ts";
import { run as realRun, type Run } from "./run.ts";

export interface PortWish {
  readonly key: PortKey;
  readonly address: string;
  readonly port: number;
}

export interface FactsOptions {
  readonly engine: Engine;
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** Id of the installation whose containers are ours; null before there is one. */
  readonly installation: string | null;
  readonly ports: readonly PortWish[];
  readonly run?: Run;
}

const probeTimeoutMs = 5_000;

/** Measures this host and its engine. Changes nothing; takes well under a second beside a local engine. */
export async function gatherFacts({ engine, paths, env, installation, ports, run = realRun }: FactsOptions): Promise<HostFacts> {
  const asked = Date.now();
  const local = !engine.remote && !engine.virtual;
  const containers = await publishingContainers(engine, env, run);
  const running = installation !== null && containers.some(({ owner }) => owner === installation);
  const [memoryAvailable, disks, loopbackClosed, uses] = await Promise.all([
    local ? availableMemory() : null,
    readDisks(local ? engine.info.DockerRootDir : null, paths),
    local ? isLoopbackClosed(env, run) : null,
    Promise.all(
      ports.map(
        async (wish) => ({ ...wish, holder: await portHolder(wish, { installation, containers, local }) }) satisfies PortUse,
      ),
    ),
  ]);
  return {
    engine,
    memoryAvailable,
    disks,
    ports: uses,
    clockSkew: local ? 0 : (Date.parse(engine.info.SystemTime) - asked) / 1000,
    now: Date.now(),
    loopbackClosed,
    alreadyRunning: running,
  };
}

/** Bytes that programs can still get without swapping; null where the kernel does not say. */
async function availableMemory(): Promise<number | null> {
  const found = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile("/proc/meminfo", "utf8").catch(() => ""));
  return found === null ? null : Number(found[1]) * 1024;
}

/** One entry per file system: images and data are often on the same. */
async function readDisks(dockerRoot: string | null, paths: Paths): Promise<Disk[]> {
  const wanted = [
    ["Docker", dockerRoot],
    ["Fidus data", paths.data],
    ["Fidus cache", paths.cache],
  ] as const;
  const seen = new Set<number>();
  const disks: Disk[] = [];
  for (const [label, path] of wanted) {
    const existing = path === null ? null : await nearestExisting(path);
    if (existing === null || path === null) continue;
    const device = (await stat(existing)).dev;
    if (seen.has(device)) continue;
    seen.add(device);
    const { bavail, blocks, bsize } = await statfs(existing);
    disks.push({ label, path, free: bavail * bsize, total: blocks * bsize });
  }
  return disks;
}

/** The folder or the first of its parents that is there and may be looked at. */
async function nearestExisting(path: string): Promise<string | null> {
  const there = await stat(path).then(
    () => true,
    () => false,
  );
  if (there) return path;
  return dirname(path) === path ? null : nearestExisting(dirname(path));
}

/** True or false only when the rule can be looked up, which takes root. */
async function isLoopbackClosed(env: NodeJS.ProcessEnv, run: Run): Promise<boolean | null> {
  const rule = ["-t", "raw", "-C", "PREROUTING", "-d", "127.0.0.0/8", "!", "-i", "lo", "-j", "DROP"];
  const { code } = await run("iptables", rule, { env, timeoutMs: probeTimeoutMs });
  if (code === 0) return true;
  return code === 1 && process.getuid?.() === 0 ? false : null;
}

interface Publishing {
  readonly name: string;
  readonly owner: string;
  /** As `docker ps` writes them: `127.0.0.1:3000->8080/tcp, …`. */
  readonly ports: string;
}

/** Running containers with published ports: an engine without its userland proxy holds them where no bind notices. */
async function publishingContainers(engine: Engine, env: NodeJS.ProcessEnv, run: Run): Promise<Publishing[]> {
  const format = `{{.Names}}\t{{.Label "${installationLabel}"}}\t{{.Ports}}`;
  const { code, stdout } = await run("docker", ["ps", "--format", format], {
    env: { ...env, ...engine.env },
    timeoutMs: probeTimeoutMs,
  });
  if (code !== 0) return [];
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"))
    .map(([name = "", owner = "", ports = ""]) => ({ name, owner, ports }));
}

interface HolderContext {
  readonly installation: string | null;
  readonly containers: readonly Publishing[];
  readonly local: boolean;
}

async function portHolder(wish: PortWish, { installation, containers, local }: HolderContext): Promise<PortHolder> {
  const container = containers.find(({ ports }) => publishes(ports, wish));
  if (container !== undefined)
    return container.owner !== "" && container.owner === installation
      ? { kind: "ours" }
      : { kind: "other", name: `container ${container.name}` };
  if (!local) return { kind: "free" };
  const bound = await tryBind(wish);
  if (bound === "free" || bound === "no-address") return { kind: bound };
  if (bound === "taken") return { kind: "other", name: await processOn(wish.port) };
  return (await answers(wish)) ? { kind: "other", name: await processOn(wish.port) } : { kind: "free" };
}

function publishes(ports: string, { address, port }: PortWish): boolean {
  return ports.split(", ").some((entry) => {
    const found = /^(.*):(\d+)(?:-(\d+))?->/.exec(entry);
    if (found === null) return false;
    const [, host = "", first, last = first] = found;
    return overlaps(host, address) && port >= Number(first) && port <= Number(last);
  });
}

function overlaps(a: string, b: string): boolean {
  const any = (address: string): boolean => address === "0.0.0.0" || address === "::" || address === "[::]";
  return a === b || any(a) || any(b);
}

/** `denied`: a port below 1024 that only the engine, as root, may bind. `no-address`: not one of this machine, or none at all. */
function tryBind({ address, port }: PortWish): Promise<"free" | "taken" | "denied" | "no-address"> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "EACCES" ? "denied" : error.code === "EADDRINUSE" ? "taken" : "no-address"),
    );
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve("free")));
  });
}

function answers({ address, port }: PortWish): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: address === "0.0.0.0" ? "127.0.0.1" : address, port, timeout: 1000 });
    const end = (there: boolean) => (): void => {
      socket.destroy();
      resolve(there);
    };
    socket.once("connect", end(true)).once("timeout", end(false)).once("error", end(false));
  });
}

/** `nginx (pid 42)` where /proc lets us see it, else a sentence. Source: proc(5), /proc/net/tcp: state 0A listens, column 10 is the inode. */
async function processOn(port: number): Promise<string> {
  const inodes = new Set(
    (await Promise.all(["/proc/net/tcp", "/proc/net/tcp6"].map((file) => listeningInodes(file, port)))).flat(),
  );
  if (inodes.size > 0) {
    for (const pid of (await readdir("/proc")).filter((name) => /^\d+$/.test(name))) {
      if (await holdsSocket(pid, inodes))
        return `${basename(await readlink(`/proc/${pid}/exe`).catch(() => "a process"))} (pid ${pid})`;
    }
  }
  return "another program";
}

async function listeningInodes(file: string, port: number): Promise<string[]> {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  const rows = (await readFile(file, "utf8").catch(() => "")).split("\n").slice(1);
  return rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, local, , state]) => state === "0A" && local?.endsWith(`:${wanted}`) === true)
    .flatMap((columns) => columns[9] ?? []);
}

async function holdsSocket(pid: string, inodes: ReadonlySet<string>): Promise<boolean> {
  const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
  const links = await Promise.all(descriptors.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => "")));
  return links.some((link) => inodes.has(/^socket:\[(\d+)\]$/.exec(link)?.[1] ?? ""));
}
