import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import {
  engineRefusal,
  isRemote,
  openEngineRefusal,
  podmanRefusal,
  silentEngine,
  unusableContext,
  usualSocket,
} from "./docker-refusals.ts";
import { cannotGoOn, type CliError } from "./errors.ts";
import { run as realRun, type Run } from "./run.ts";

/** How a Docker engine was found. */
export type EngineSource =
  | "recorded"
  | "DOCKER_HOST"
  | `context ${string}`
  | "default socket"
  | "rootless socket"
  | "Docker Desktop socket"
  | "Colima socket";

/** A Docker engine that answers, and how to reach it. */
export interface Engine {
  /** `unix:///…`, `ssh://…` or `tcp://…`. */
  readonly host: string;
  readonly source: EngineSource;
  /** For every program that talks to it: DOCKER_HOST. */
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  readonly apiVersion: string;
  readonly info: EngineInfo;
  /** Not on this machine: reached by ssh or over the network. */
  readonly remote: boolean;
  /** Runs in a virtual machine on this one (Docker Desktop, Colima): its disk and memory are not this host's. */
  readonly virtual: boolean;
  readonly rootless: boolean;
}

/** The part of `docker info` that is used. Memory in bytes. */
export type EngineInfo = z.infer<typeof infoSchema>;

const infoSchema = z.object({
  Name: z.string(),
  ServerVersion: z.string().default(""),
  OperatingSystem: z.string(),
  OSType: z.string(),
  Architecture: z.string(),
  KernelVersion: z.string(),
  NCPU: z.number(),
  MemTotal: z.number(),
  DockerRootDir: z.string(),
  SystemTime: z.string(),
  CgroupVersion: z.string().default("1"),
  SecurityOptions: z.array(z.string()).nullable().default([]),
  MemoryLimit: z.boolean(),
  SwapLimit: z.boolean(),
  PidsLimit: z.boolean().default(false),
  IPv4Forwarding: z.boolean(),
});

const versionSchema = z.object({
  Server: z.object({
    Version: z.string(),
    ApiVersion: z.string(),
    Os: z.string(),
    Components: z.array(z.object({ Name: z.string(), Version: z.string() })).optional(),
  }),
});

const contextSchema = z.object({
  Name: z.string(),
  Endpoints: z.object({ docker: z.object({ Host: z.string().default("") }) }),
  TLSMaterial: z.record(z.string(), z.array(z.string())).nullable().default({}),
});

/** What looking for an engine needs from the outside; tests give their own. */
export interface DockerDeps {
  readonly env: NodeJS.ProcessEnv;
  /** The engine that a stack lives on: no other may take its place. @default none: as the environment says */
  readonly recorded?: string | undefined;
  readonly run?: Run;
  readonly signal?: AbortSignal;
  /** @default fs.existsSync */
  readonly exists?: (file: string) => boolean;
  /** @default process.platform */
  readonly platform?: NodeJS.Platform;
  /** The engine's usual socket. @default "/var/run/docker.sock" */
  readonly defaultSocket?: string;
}

/** Why no engine can be used: what the operator said to use does not answer, or nothing is there at all. */
export type EngineSearch =
  | { readonly kind: "found"; readonly engine: Engine }
  /** Named on purpose (recorded, DOCKER_HOST, a context) or answering with a refusal: nothing else may be used in its place. */
  | { readonly kind: "refused"; readonly error: CliError }
  /** Nothing answers, and nothing but this machine's own engine was named: one may be installed or started. */
  | { readonly kind: "none"; readonly cli: boolean; readonly tried: readonly string[] };

interface Candidate {
  readonly host: string;
  readonly source: EngineSource;
  readonly env: Readonly<Record<string, string>>;
}

const answerTimeoutMs = { near: 10_000, far: 30_000 } as const;

/**
 * Looks for an engine: the recorded one; else the way the docker command does, DOCKER_HOST, the current context, then the
 * usual sockets. Starts and installs nothing.
 */
export async function findEngine(deps: DockerDeps): Promise<EngineSearch> {
  const cli = await cliProblem(deps);
  if (cli === "missing") return { kind: "none", cli: false, tried: [] };
  if (cli !== null) return { kind: "refused", error: cli };
  const named = await namedCandidate(deps);
  if (named !== null && "error" in named) return { kind: "refused", error: named.error };
  const open = named === null ? null : openEngineRefusal(named);
  if (open !== null) return { kind: "refused", error: open };
  const own = `unix://${deps.defaultSocket ?? usualSocket}`;
  const tried: string[] = [];
  for (const candidate of named === null ? socketCandidates(deps) : [named]) {
    const answer = await ask(candidate, deps);
    if (answer.kind === "engine") return { kind: "found", engine: answer.engine };
    if (answer.kind === "refused") return { kind: "refused", error: answer.error };
    if (named !== null && named.host !== own) return { kind: "refused", error: silentEngine(named, answer.reason) };
    tried.push(`${candidate.host}: ${answer.reason}`);
  }
  return { kind: "none", cli: true, tried };
}

/** podman-docker puts a `docker` on PATH that is not Docker. */
async function cliProblem({ env, run = realRun, signal }: DockerDeps): Promise<CliError | "missing" | null> {
  const { code, stdout } = await run("docker", ["--version"], {
    env,
    timeoutMs: answerTimeoutMs.near,
    ...(signal && { signal }),
  });
  if (code === 127) return "missing";
  return /podman/i.test(stdout) ? podmanRefusal("docker on PATH", stdout.trim()) : null;
}

/** What was recorded or chosen; null when nothing was. */
async function namedCandidate({
  env,
  recorded,
  run = realRun,
}: DockerDeps): Promise<Candidate | { readonly error: CliError } | null> {
  if (recorded !== undefined) return { host: recorded, source: "recorded", env: { DOCKER_HOST: recorded } };
  const host = env["DOCKER_HOST"] ?? "";
  if (host !== "") return { host, source: "DOCKER_HOST", env: { DOCKER_HOST: host } };
  const inspect = ["context", "inspect", "--format", "{{json .}}"];
  const { code, stdout, stderr } = await run("docker", inspect, { env, timeoutMs: answerTimeoutMs.near });
  if (code !== 0) return { error: unusableContext(lastLine(stderr), "a context that exists", env) };
  const { Name: name, Endpoints, TLSMaterial } = contextSchema.parse(JSON.parse(stdout));
  if (name === "default") return null;
  if (Object.hasOwn(TLSMaterial ?? {}, "docker"))
    return { error: unusableContext(`${name}, with TLS files`, "a context by socket or ssh://", env) };
  return { host: Endpoints.docker.Host, source: `context ${name}`, env: { DOCKER_HOST: Endpoints.docker.Host } };
}

/** The usual places, each only where its socket is. */
function socketCandidates({ env, exists = existsSync, defaultSocket = usualSocket }: DockerDeps): Candidate[] {
  const home = env["HOME"] ?? homedir();
  const runtime = env["XDG_RUNTIME_DIR"];
  const sockets: [EngineSource, string][] = [
    ["default socket", defaultSocket],
    ...(runtime === undefined || runtime === ""
      ? []
      : [["rootless socket", join(runtime, "docker.sock")] satisfies [EngineSource, string]]),
    ["Docker Desktop socket", join(home, ".docker", "run", "docker.sock")],
    ["Docker Desktop socket", join(home, ".docker", "desktop", "docker.sock")],
    ["Colima socket", join(home, ".colima", "default", "docker.sock")],
  ];
  return sockets
    .filter(([, file]) => exists(file))
    .map(([source, file]) => ({ host: `unix://${file}`, source, env: { DOCKER_HOST: `unix://${file}` } }));
}

type Answer =
  | { readonly kind: "engine"; readonly engine: Engine }
  | { readonly kind: "refused"; readonly error: CliError }
  | { readonly kind: "silent"; readonly reason: string };

/** Asks one engine who it is. One that answers and cannot be used is refused by name; no other is tried in its place. */
async function ask(candidate: Candidate, deps: DockerDeps): Promise<Answer> {
  const { env, run = realRun, platform = process.platform, signal } = deps;
  const remote = isRemote(candidate.host);
  const options = {
    env: { ...env, ...candidate.env },
    timeoutMs: remote ? answerTimeoutMs.far : answerTimeoutMs.near,
    ...(signal && { signal }),
  };
  const version = await run("docker", ["version", "--format", "{{json .}}"], options);
  if (version.code === 124) return { kind: "silent", reason: `no answer within ${options.timeoutMs / 1000} s` };
  if (version.code !== 0) return silence(candidate, lastLine(version.stderr));
  const { Server: server } = versionSchema.parse(JSON.parse(version.stdout));
  const refusal = engineRefusal(candidate.host, server);
  if (refusal !== null) return { kind: "refused", error: refusal };
  const answered = await run("docker", ["info", "--format", "{{json .}}"], options);
  if (answered.code !== 0) return silence(candidate, lastLine(answered.stderr));
  const info = infoSchema.parse(JSON.parse(answered.stdout));
  const virtual = platform !== "linux" || /docker desktop/i.test(info.OperatingSystem);
  const rootless = (info.SecurityOptions ?? []).some((option) => option.includes("name=rootless"));
  return {
    kind: "engine",
    engine: {
      ...candidate,
      version: server.Version,
      apiVersion: server.ApiVersion,
      info,
      remote,
      virtual: virtual && !remote,
      rootless,
    },
  };
}

function silence({ host }: Candidate, reason: string): Answer {
  if (!/permission denied/i.test(reason) || !host.startsWith("unix://")) return { kind: "silent", reason };
  const problem = {
    path: host,
    got: "permission denied",
    rule: "a user of the group docker, or root",
    fix: 'sudo usermod -aG docker "$USER", then sign in again (or: newgrp docker)',
  };
  return { kind: "refused", error: cannotGoOn("The Docker engine is there, but not for you", [problem], "no-engine") };
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1)?.trim() ?? "";
}
