import { portCommands, type PublishedPort } from "../infra/config/published-ports.ts";
import { formatProblem, type Problem } from "../infra/core/errors.ts";
import { modelProblems, type Model } from "../infra/core/models.ts";
import type { Engine } from "./docker.ts";
import { isOlder } from "./docker-refusals.ts";
import { cannotGoOn } from "./errors.ts";
import type { PortHolder } from "./ports.ts";

/** Below these the first `up` refuses: the product would not start or would fail halfway. Bytes. */
export const minimum = { cores: 2, memory: gib(4), disk: gib(15) } as const;
/** The same once the images are there: what an update needs, and the services at work. Bytes. */
export const installedMinimum = { memory: gib(2), disk: gib(5) } as const;
/** Below these it warns: slow, or small models only (requirement C-04). Bytes. */
export const recommended = { cores: 4, memory: gib(16), disk: gib(100), docker: "24.0" } as const;
/** First engine that keeps ports on 127.0.0.1 from the local network. */
const loopbackSafe = "28.0";
/** Clocks further apart than this break certificates and sign-in. Seconds. */
const maxClockSkew = 60;
/** No earlier date can be right: this source is younger. */
const sourceDate = Date.UTC(2026, 9, 1);

export type CheckStatus = "ok" | "warn" | "fail";

/** One line of `./fidus doctor`. */
export interface Check {
  /** Stable word for programs. */
  readonly id: string;
  readonly title: string;
  readonly status: CheckStatus;
  /** What was found. */
  readonly detail: string;
  /** Command or sentence that repairs it; null when there is nothing to do. */
  readonly fix: string | null;
  /** The house form of a failure; null when it is none. */
  readonly problem: Problem | null;
}

/** Free and whole size of a file system in bytes, under the name by which people know it. */
export interface Disk {
  readonly label: string;
  readonly path: string;
  readonly free: number;
  readonly total: number;
}

/** A port that the stack takes, and who has it now. */
export interface PortUse extends PublishedPort {
  readonly holder: PortHolder;
}

/** Everything that is measured; null where it cannot be measured from here. Bytes, seconds. */
export interface HostMeasures {
  /** null before there is one: then only this machine is judged. */
  readonly engine: Engine | null;
  readonly cores: number;
  readonly memory: { readonly total: number; readonly available: number | null };
  readonly disks: readonly Disk[];
  /** Engine's clock minus ours, in seconds. */
  readonly clockSkew: number;
  /** Our clock, milliseconds since 1970. */
  readonly now: number;
  /** Packets from outside to 127.0.0.0/8 are dropped by a firewall rule; null = not to be told. */
  readonly loopbackClosed: boolean | null;
  /** What of ours is there already: what it takes is not missing. */
  readonly ours: "nothing" | "installed" | "running";
}

/** What was measured, beside what the stack wants. */
export interface HostFacts extends HostMeasures {
  readonly ports: readonly PortUse[];
  /** The model that our own runtime loads; null when another one answers. */
  readonly model: Model | null;
}

/** All checks of this host, in the order people fix them. Pure. */
export function hostChecks(facts: HostFacts): Check[] {
  const { engine } = facts;
  return [
    ...(engine === null ? [] : [engineCheck(engine)]),
    coresCheck(facts.cores),
    memoryCheck(facts),
    ...modelCheck(facts),
    ...diskChecks(facts),
    ...facts.ports.map(portCheck),
    networkCheck(facts),
    ...(engine === null ? [] : [loopbackCheck(engine, facts)]),
    clockCheck(facts),
    ...(engine === null ? [] : [limitsCheck(engine)]),
  ];
}

/** Throws exit 1 with one line per failed check, or returns the warnings as lines. */
export function refuseUnfit(checks: readonly Check[]): string[] {
  const problems = checks.flatMap(({ problem }) => problem ?? []);
  if (problems.length > 0) throw cannotGoOn("This machine cannot run Fidus as it is", problems, "preflight");
  return checks
    .filter(({ status }) => status === "warn")
    .map(({ title, detail, fix }) => `${title}: ${detail}.${fix === null ? "" : ` ${fix}`}`);
}

function engineCheck({ version, source, host, virtual, rootless, info }: Engine): Check {
  const title = "Docker engine";
  const detail = `${version} on ${info.OperatingSystem} (${source}, ${host})`;
  if (isOlder(version, recommended.docker))
    return warn(
      "engine",
      title,
      `${detail}; ${recommended.docker} or newer is recommended`,
      "It works with 20.10; upgrade when you can.",
    );
  if (rootless) return warn("engine", title, `${detail}; rootless engines are untested`, null);
  if (virtual) return warn("engine", title, `${detail}; engines in a virtual machine are untested`, null);
  return ok("engine", title, detail);
}

function coresCheck(cores: number): Check {
  const title = "Processor cores";
  if (cores < minimum.cores)
    return fail("cores", title, {
      path: "cores",
      got: cores,
      rule: `${minimum.cores} or more`,
      fix: "Give the machine more cores.",
    });
  if (cores < recommended.cores)
    return warn("cores", title, `${cores}; ${recommended.cores} are recommended`, "Answers of a local model will be slow.");
  return ok("cores", title, String(cores));
}

function memoryCheck({ memory: { total, available }, ours }: HostFacts): Check {
  const title = "Memory";
  const needed = ours === "installed" ? installedMinimum.memory : minimum.memory;
  const detail =
    available === null ? `${gigabytes(total)} in the engine's machine` : `${gigabytes(available)} free of ${gigabytes(total)}`;
  if ((available ?? total) < needed && !(ours === "running" && total >= needed)) {
    const fix =
      total < needed
        ? "Give the machine more memory."
        : "Stop other programs (ps -eo rss,comm --sort -rss | head), or give the machine more memory.";
    return fail("memory", title, { path: "memory", got: detail, rule: `${gigabytes(needed)} free`, fix });
  }
  if (total < recommended.memory)
    return warn("memory", title, `${detail}; ${gigabytes(recommended.memory)} are recommended`, "Only small models fit.");
  return ok("memory", title, detail);
}

/** A model larger than the machine is refused; one that only now has too little memory will be slow, which is a warning. */
function modelCheck({ model, memory: { total, available }, ours }: HostFacts): Check[] {
  if (model === null) return [];
  const title = "Model";
  const [problem] = modelProblems(model.id, total / 1e9);
  if (problem !== undefined) return [fail("model", title, problem)];
  const needed = model.minFreeMemoryGB * 1e9;
  if (ours !== "running" && available !== null && available < needed)
    return [warn("model", title, `${model.id} wants ${model.minFreeMemoryGB} GB of free memory`, "./fidus choose --model auto")];
  return [ok("model", title, model.id)];
}

function diskChecks({ disks, engine, ours }: HostFacts): Check[] {
  const measured = disks.map((disk) => diskCheck(disk, ours));
  if (engine === null || (!engine.remote && !engine.virtual)) return measured;
  const title = "Disk of the engine";
  return [
    ...measured,
    warn("disk-engine", title, "not to be measured from here", `It needs ${gigabytes(minimum.disk)} free: docker system df`),
  ];
}

function diskCheck({ label, path, free, total }: Disk, ours: HostFacts["ours"]): Check {
  const id = `disk-${label.toLowerCase().replaceAll(/\W+/g, "-")}`;
  const title = `Disk: ${label}`;
  const detail = `${gigabytes(free)} free of ${gigabytes(total)} at ${path}`;
  const fix = "docker image prune; or give the machine a larger disk.";
  const needed = ours === "nothing" ? minimum.disk : installedMinimum.disk;
  if (free < needed && ours !== "running")
    return fail(id, title, { path, got: `${gigabytes(free)} free`, rule: `${gigabytes(needed)} free`, fix });
  if (free < needed) return warn(id, title, `${detail}; an update would need ${gigabytes(needed)}`, fix);
  if (total < recommended.disk)
    return warn(id, title, `${detail}; a disk of ${gigabytes(recommended.disk)} is recommended`, null);
  return ok(id, title, detail);
}

function portCheck(use: PortUse): Check {
  const { address, port, holder } = use;
  const id = `port-${port}`;
  const title = `Port ${port}`;
  const [problem] = portProblems(use);
  if (problem !== undefined) return fail(id, title, problem);
  return ok(id, title, `${address}:${port} is ${holder.kind === "ours" ? "our own" : "free"}`);
}

/** What is wrong with a port: [] when it is free or ours. */
export function portProblems({ key, address, port, holder }: PortUse): Problem[] {
  switch (holder.kind) {
    case "free":
    case "ours":
      return [];
    case "other": {
      const got = `${address}:${port}, held by ${holder.name}`;
      return [{ path: key, got, rule: "a free port", fix: `${portCommands[key]} ${freePortSuggestion(port)}` }];
    }
    case "no-address": {
      const rule = "an address of the engine's machine";
      return [{ path: "bindAddress", got: address, rule, fix: "pulumi config rm bindAddress" }];
    }
    default:
      return holder satisfies never;
  }
}

/** The next thousand up that a user may bind: 3000 → 13000. */
function freePortSuggestion(port: number): number {
  return port < 50_000 ? port + 10_000 : port - 10_000;
}

/** Without a domain the page is plain HTTP: nobody but this machine should be on the way. */
function networkCheck({ ports }: HostFacts): Check {
  const title = "Local network";
  const open = ports.find(({ key, address }) => key === "pagePort" && !address.startsWith("127."));
  if (open === undefined) return ok("network", title, "no plain HTTP leaves this machine");
  return warn(
    "network",
    title,
    `bindAddress ${open.address} serves HTTP without encryption; passwords and conversations can be read on the way`,
    "Set a domain (docs/community.md, TLS and a domain), or: pulumi config set bindAddress 127.0.0.1",
  );
}

/** Engines before 28 let neighbours on the same network reach ports published on 127.0.0.1 (moby CVE-2025 series; facts/hosts.md §8). */
function loopbackCheck(engine: Engine, { ports, loopbackClosed }: HostFacts): Check {
  const title = "Ports on 127.0.0.1";
  const onLoopback = ports.some(({ address }) => address.startsWith("127."));
  if (!isOlder(engine.version, loopbackSafe) || engine.virtual || engine.rootless || !onLoopback)
    return ok("loopback", title, "closed to the local network");
  if (loopbackClosed === true) return ok("loopback", title, "closed to the local network by a firewall rule");
  return warn(
    "loopback",
    title,
    `before Docker ${loopbackSafe} machines on the same network can reach them`,
    `Close them${engine.remote ? " on the engine's machine" : ""}: ${closeLoopbackCommand}`,
  );
}

/** Drops packets for 127.0.0.0/8 that did not come from this machine, before Docker's rules see them. */
export const closeLoopbackCommand = "sudo iptables -t raw -I PREROUTING -d 127.0.0.0/8 ! -i lo -j DROP";

function clockCheck({ clockSkew, now }: HostFacts): Check {
  const title = "Clock";
  const fix = "sudo timedatectl set-ntp true (or: sudo apt-get install -y chrony)";
  if (now < sourceDate)
    return fail("clock", title, { path: "clock", got: new Date(now).toISOString(), rule: "today's date", fix });
  if (Math.abs(clockSkew) > maxClockSkew) {
    return fail("clock", title, {
      path: "clock",
      got: `${Math.round(clockSkew)} s between this machine and the engine's`,
      rule: `at most ${maxClockSkew} s`,
      fix,
    });
  }
  return ok("clock", title, new Date(now).toISOString());
}

function limitsCheck({ info }: Engine): Check {
  const missing = [
    ...(info.MemoryLimit ? [] : ["memory limits"]),
    ...(info.SwapLimit ? [] : ["swap limits"]),
    ...(info.PidsLimit ? [] : ["process limits"]),
    ...(info.IPv4Forwarding ? [] : ["IPv4 forwarding"]),
    ...((info.SecurityOptions ?? []).some((option) => option.includes("name=seccomp")) ? [] : ["seccomp"]),
  ];
  const title = "Kernel";
  const detail = `${info.KernelVersion}, ${info.Architecture}, cgroup v${info.CgroupVersion}`;
  if (missing.length === 0) return ok("kernel", title, detail);
  const fix = info.IPv4Forwarding ? "See: docker info (last lines)." : "sudo sysctl -w net.ipv4.ip_forward=1";
  return warn("kernel", title, `${detail}; missing: ${missing.join(", ")}`, fix);
}

export function ok(id: string, title: string, detail: string): Check {
  return { id, title, status: "ok", detail, fix: null, problem: null };
}

export function warn(id: string, title: string, detail: string, fix: string | null): Check {
  return { id, title, status: "warn", detail, fix, problem: null };
}

export function fail(id: string, title: string, problem: Problem): Check {
  return { id, title, status: "fail", detail: formatProblem(problem), fix: problem.fix, problem };
}

function gib(count: number): number {
  return count * 1024 ** 3;
}

/** Binary gigabytes with at most one digit, under the unit people know. */
function gigabytes(bytes: number): string {
  const value = bytes / 1024 ** 3;
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} GB`;
}
