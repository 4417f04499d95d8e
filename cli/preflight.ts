import { formatProblem, type Problem } from "../infra/core/errors.ts";
import { isOlder, type Engine } from "./docker.ts";
import { cannotGoOn } from "./errors.ts";

/** Below these `up` refuses: the product would not start or would fail halfway. Bytes. */
export const minimum = { cores: 2, memory: gib(4), disk: gib(15) } as const;
/** Below these it warns: slow, or small models only (requirement C-04). Bytes. */
export const recommended = { cores: 4, memory: gib(16), disk: gib(100), docker: "24.0" } as const;
/** First engine that keeps ports on 127.0.0.1 from the local network. */
const loopbackSafe = "28.0";
/** Clocks further apart than this break certificates and sign-in. Seconds. */
const maxClockSkew = 60;
/** No earlier date can be right: this source is younger. */
const sourceDate = Date.UTC(2026, 9, 1);

/** Ports that may be chosen, by config key, and the command that chooses each. */
const portCommands = {
  pagePort: "./fidus choose --port",
  apiPort: "./fidus choose --api-port",
  httpPort: "pulumi config set httpPort",
  httpsPort: "pulumi config set httpsPort",
} as const;
export type PortKey = keyof typeof portCommands;

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

/** Who has a port: nobody, our own proxy, or someone named as exactly as can be told. */
export type PortHolder =
  | { readonly kind: "free" }
  | { readonly kind: "ours" }
  | { readonly kind: "other"; readonly name: string }
  | { readonly kind: "no-address" };

export interface PortUse {
  readonly key: PortKey;
  readonly address: string;
  readonly port: number;
  readonly holder: PortHolder;
}

/** Everything that is measured; null where it cannot be measured from here. */
export interface HostFacts {
  readonly engine: Engine;
  readonly memoryAvailable: number | null;
  readonly disks: readonly Disk[];
  readonly ports: readonly PortUse[];
  /** Engine's clock minus ours, in seconds. */
  readonly clockSkew: number;
  /** Our clock, milliseconds since 1970. */
  readonly now: number;
  /** Packets from outside to 127.0.0.0/8 are dropped by a firewall rule; null = not to be told. */
  readonly loopbackClosed: boolean | null;
  /** Our own containers run already: what they use is not missing. */
  readonly alreadyRunning: boolean;
}

/** All checks of this host, in the order people fix them. Pure. */
export function hostChecks(facts: HostFacts): Check[] {
  return [
    engineCheck(facts.engine),
    coresCheck(facts.engine.info.NCPU),
    memoryCheck(facts),
    ...diskChecks(facts),
    ...facts.ports.map(portCheck),
    networkCheck(facts),
    loopbackCheck(facts),
    clockCheck(facts),
    limitsCheck(facts.engine),
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

function memoryCheck({ engine, memoryAvailable, alreadyRunning }: HostFacts): Check {
  const title = "Memory";
  const total = engine.info.MemTotal;
  const available = memoryAvailable ?? total;
  const detail =
    memoryAvailable === null
      ? `${gigabytes(total)} in the engine's machine`
      : `${gigabytes(available)} free of ${gigabytes(total)}`;
  if (available < minimum.memory && !(alreadyRunning && total >= minimum.memory)) {
    const fix =
      total < minimum.memory
        ? "Give the machine more memory."
        : "Stop other programs (ps -eo rss,comm --sort -rss | head), or give the machine more memory.";
    return fail("memory", title, { path: "memory", got: detail, rule: `${gigabytes(minimum.memory)} free`, fix });
  }
  if (total < recommended.memory)
    return warn("memory", title, `${detail}; ${gigabytes(recommended.memory)} are recommended`, "Only small models fit.");
  return ok("memory", title, detail);
}

function diskChecks({ disks, engine, alreadyRunning }: HostFacts): Check[] {
  const measured = disks.map((disk) => diskCheck(disk, alreadyRunning));
  if (!engine.remote && !engine.virtual) return measured;
  const title = "Disk of the engine";
  return [
    ...measured,
    warn("disk-engine", title, "not to be measured from here", `It needs ${gigabytes(minimum.disk)} free: docker system df`),
  ];
}

function diskCheck({ label, path, free, total }: Disk, alreadyRunning: boolean): Check {
  const id = `disk-${label.toLowerCase().replaceAll(/\W+/g, "-")}`;
  const title = `Disk: ${label}`;
  const detail = `${gigabytes(free)} free of ${gigabytes(total)} at ${path}`;
  const fix = "docker image prune; or give the machine a larger disk.";
  if (free < minimum.disk && !alreadyRunning)
    return fail(id, title, { path, got: `${gigabytes(free)} free`, rule: `${gigabytes(minimum.disk)} free`, fix });
  if (free < minimum.disk) return warn(id, title, `${detail}; a fresh start would need ${gigabytes(minimum.disk)}`, fix);
  if (total < recommended.disk)
    return warn(id, title, `${detail}; a disk of ${gigabytes(recommended.disk)} is recommended`, null);
  return ok(id, title, detail);
}

function portCheck({ key, address, port, holder }: PortUse): Check {
  const id = `port-${port}`;
  const title = `Port ${port}`;
  const where = `${address}:${port}`;
  const other = (got: string, rule: string): Check =>
    fail(id, title, { path: key, got, rule, fix: `${portCommands[key]} ${freePortSuggestion(port)}` });
  switch (holder.kind) {
    case "free":
      return ok(id, title, `${where} is free`);
    case "ours":
      return ok(id, title, `${where} is our own proxy`);
    case "other":
      return other(`${where}, held by ${holder.name}`, "a free port");
    case "no-address":
      return fail(id, title, {
        path: "bindAddress",
        got: address,
        rule: "an address of this machine",
        fix: "ip -brief address lists them; 127.0.0.1 is the default.",
      });
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
function loopbackCheck({ engine, ports, loopbackClosed }: HostFacts): Check {
  const title = "Ports on 127.0.0.1";
  const onLoopback = ports.some(({ address }) => address.startsWith("127."));
  if (!isOlder(engine.version, loopbackSafe) || engine.remote || engine.virtual || engine.rootless || !onLoopback)
    return ok("loopback", title, "closed to the local network");
  if (loopbackClosed === true) return ok("loopback", title, "closed to the local network by a firewall rule");
  return warn(
    "loopback",
    title,
    `before Docker ${loopbackSafe} machines on the same network can reach them`,
    `Close them: ${closeLoopbackCommand}`,
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
