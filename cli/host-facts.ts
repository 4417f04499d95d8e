import { readFile, stat, statfs } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import { dirname } from "node:path";
import type { PublishedPort } from "../infra/config/published-ports.ts";
import type { Engine } from "./docker.ts";
import type { Paths } from "./paths.ts";
import { portHolder, publishingContainers, type PortHolder } from "./ports.ts";
import type { Disk, HostMeasures } from "./preflight.ts";
import { run as realRun, type Run } from "./run.ts";

export interface MeasureOptions {
  /** null before there is one: then only this machine is looked at. */
  readonly engine: Engine | null;
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** Id of the installation whose containers are ours; null before there is one. */
  readonly installation: string | null;
  /** Image references that the stack recorded: where the engine has them, it was set up before. */
  readonly images: readonly string[];
  readonly run?: Run;
}

/** What was measured, and a way to ask for more ports than were known at that time. */
export interface Measured {
  readonly measures: HostMeasures;
  readonly holderOf: (port: PublishedPort) => Promise<PortHolder>;
}

const probeTimeoutMs = 5_000;
/** Where Docker keeps images when nobody says otherwise. */
const usualDockerRoot = "/var/lib/docker";

/** Measures this host and its engine. Changes nothing; takes well under a second beside a local engine. */
export async function measureHost(options: MeasureOptions): Promise<Measured> {
  const { engine, paths, env, installation, images, run = realRun } = options;
  const asked = Date.now();
  const local = engine === null || !(engine.remote || engine.virtual);
  const containers = engine === null ? [] : await publishingContainers(engine, env, run);
  const running = installation !== null && containers.some(({ owner }) => owner === installation);
  const [available, disks, loopbackClosed, installed] = await Promise.all([
    local ? availableMemory() : null,
    readDisks(local ? (engine?.info.DockerRootDir ?? usualDockerRoot) : null, paths),
    local ? isLoopbackClosed(env, run) : null,
    engine === null ? false : hasAnyImage(engine, images, env, run),
  ]);
  return {
    measures: {
      engine,
      cores: engine?.info.NCPU ?? cpus().length,
      memory: { total: engine?.info.MemTotal ?? totalmem(), available },
      disks,
      clockSkew: local || engine === null ? 0 : (Date.parse(engine.info.SystemTime) - asked) / 1000,
      now: Date.now(),
      loopbackClosed,
      ours: running ? "running" : installed ? "installed" : "nothing",
    },
    holderOf: (port) => portHolder(port, { installation, containers, local }),
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

async function hasAnyImage(engine: Engine, refs: readonly string[], env: NodeJS.ProcessEnv, run: Run): Promise<boolean> {
  if (refs.length === 0) return false;
  const args = ["image", "ls", "--filter", "label=fidus.image", "--format", "{{.Repository}}:{{.Tag}}"];
  const { stdout } = await run("docker", args, { env: { ...env, ...engine.env }, timeoutMs: probeTimeoutMs });
  const present = new Set(stdout.split("\n"));
  return refs.some((ref) => present.has(ref));
}
