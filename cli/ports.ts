import { readdir, readFile, readlink } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { basename } from "node:path";
import type { PublishedPort } from "../infra/config/published-ports.ts";
import { installationLabel } from "../infra/core/naming.ts";
import { DockerError, type Docker } from "../infra/images/docker-cli.ts";
import type { Engine } from "./docker.ts";
import type { Run } from "./run.ts";

/** Who has a port: nobody, our own proxy, or someone named as exactly as can be told. */
export type PortHolder =
  | { readonly kind: "free" }
  | { readonly kind: "ours" }
  | { readonly kind: "other"; readonly name: string }
  | { readonly kind: "no-address" };

/** A running container, as far as ports go. */
export interface Publishing {
  readonly name: string;
  /** Installation id on its label; "" when it has none. */
  readonly owner: string;
  /** As `docker ps` writes them: `127.0.0.1:3000->8080/tcp, …`. */
  readonly ports: string;
}

const timeoutMs = 5_000;

/** Running containers with published ports: an engine without its userland proxy holds them where no bind notices. */
export async function publishingContainers(engine: Engine, env: NodeJS.ProcessEnv, run: Run): Promise<Publishing[]> {
  const format = `{{.Names}}\t{{.Label "${installationLabel}"}}\t{{.Ports}}`;
  const { code, stdout } = await run("docker", ["ps", "--format", format], { env: { ...env, ...engine.env }, timeoutMs });
  if (code !== 0) return [];
  return stdout
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("\t"))
    .map(([name = "", owner = "", ports = ""]) => ({ name, owner, ports }));
}

export interface PortView {
  /** Id of the installation whose containers are ours; null before there is one. */
  readonly installation: string | null;
  readonly containers: readonly Publishing[];
  /** The engine publishes on this host: a port can be tried here. */
  readonly local: boolean;
}

/** Who holds the port where the engine publishes; elsewhere only the containers are seen. */
export async function portHolder(wish: PublishedPort, { installation, containers, local }: PortView): Promise<PortHolder> {
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

/**
 * A port of an engine elsewhere can only be tried there: a container of `image` that ends at once publishes it. Rejects when
 * the container fails for another reason than its port.
 */
export async function tryPortThere(
  docker: Docker,
  { image, installation }: { readonly image: string; readonly installation: string },
  { address, port }: PublishedPort,
): Promise<PortHolder> {
  const host = address.includes(":") ? `[${address}]` : address;
  const label = ["--label", `${installationLabel}=${installation}`];
  try {
    await docker(["run", "--rm", ...label, "--publish", `${host}:${port}:1`, "--entrypoint", "/bin/true", image]);
    return { kind: "free" };
  } catch (error) {
    const said = error instanceof DockerError ? error.output : "";
    if (/cannot assign requested address/i.test(said)) return { kind: "no-address" };
    if (/already allocated|already in use/i.test(said)) return { kind: "other", name: "another program on the engine's machine" };
    throw error;
  }
}

function publishes(ports: string, { address, port }: PublishedPort): boolean {
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
function tryBind({ address, port }: PublishedPort): Promise<"free" | "taken" | "denied" | "no-address"> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "EACCES" ? "denied" : error.code === "EADDRINUSE" ? "taken" : "no-address"),
    );
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve("free")));
  });
}

function answers({ address, port }: PublishedPort): Promise<boolean> {
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
