import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { eventually } from "../../infra/core/eventually.ts";
import { debianImage } from "../tools/debian-image.ts";
import { docker } from "./product.ts";

/** Docker's resolver, which has this address in every container. */
const resolver = "127.0.0.11";

/**
 * What tcpdump is to see: the first packet of each TCP connection, and every packet of any other protocol but ARP. The second line
 * says in IPv6 what the first says in IPv4.
 */
const filter = [
  "(ip and tcp and tcp[tcpflags] & (tcp-syn|tcp-ack) == tcp-syn)",
  "(ip6 and tcp and ip6[53] & 0x12 == 0x02)",
  "((ip or ip6) and not tcp)",
].join(" or ");

/** Of a packet as much as a question for a name takes: with whole packets the kernel has room for eight at a time. */
const flags = "-i any -s 512 -Z root -T domain -nn -l --immediate-mode";

/** What left a container, or was to leave it. */
export interface Departures {
  /** `tcp ADDRESS PORT`, `udp ADDRESS PORT`, or what tcpdump says of another protocol; without the container's own loopback. */
  readonly connections: readonly string[];
  /** That a resolver was asked for. */
  readonly names: readonly string[];
}

/**
 * Notes each DNS query and each connection attempt that leaves a container, seen from within its network namespace. A network
 * that leads nowhere is given a route to nowhere, so that attempts which would fail without a packet make one.
 */
export class Recorder {
  readonly #name: string;
  readonly #tcpdump: ChildProcess;
  readonly #connections = new Set<string>();
  readonly #names = new Set<string>();
  readonly #marks = new Set<string>();
  readonly #said: string[] = [];

  private constructor(name: string, tcpdump: ChildProcess) {
    this.#name = name;
    this.#tcpdump = tcpdump;
  }

  /** Starts a container that is stopped: it is held until the recorder sees, and started again if it had sent something by then. */
  static fromTheStart(container: string): Promise<Recorder> {
    return eventually(`a recorder sees the start of ${container}`, async () => {
      await docker(["start", container]);
      await docker(["pause", container]);
      const recorder = await Recorder.#at(container);
      await docker(["unpause", container]);
      if (!recorder.#said.some((line) => /^(Tcp|Udp)\w+ +[1-9]/.test(line))) return recorder;
      await recorder.stop();
      await docker(["stop", container]);
      return null;
    });
  }

  static async #at(container: string): Promise<Recorder> {
    const image = await debianImage(docker, "recorder", ["iproute2", "tcpdump"]);
    const name = `fidus-test-recorder-${container.slice(0, 12)}`;
    const rights = ["--cap-drop", "ALL", "--cap-add", "NET_RAW", "--cap-add", "NET_ADMIN", "--security-opt", "no-new-privileges"];
    const script = `${sentBefore}; ${routeToNowhere}; exec tcpdump ${flags} "$1"`;
    const options = ["--rm", "--init", "--name", name, "--label", "fidus.test=recorder", "--network", `container:${container}`];
    const tcpdump = spawn("docker", ["run", ...options, ...rights, "--read-only", image, "sh", "-c", script, "sh", filter]);
    const recorder = new Recorder(name, tcpdump);
    createInterface({ input: tcpdump.stdout }).on("line", (line) => recorder.#note(line));
    createInterface({ input: tcpdump.stderr }).on("line", (line) => recorder.#said.push(line));
    await eventually(`a recorder listens at ${container}`, () => {
      recorder.#mustRun();
      return recorder.#said.some((line) => line.startsWith("listening on"));
    });
    return recorder;
  }

  /** Everything up to now. @throws Error where the recorder has ended */
  async seen(): Promise<Departures> {
    // Packets are noted in their order: when this one is, those before it are.
    const mark = String(this.#marks.size + 1);
    await docker(["exec", this.#name, "bash", "-c", `echo > /dev/udp/127.0.0.1/${mark}`]);
    await eventually("the recorder has noted all", () => this.#marks.has(mark));
    this.#mustRun();
    return { connections: [...this.#connections].toSorted(), names: [...this.#names].toSorted() };
  }

  /** Ends it. @throws Error where it had ended before, or missed a packet */
  async stop(): Promise<void> {
    this.#mustRun();
    const closed = once(this.#tcpdump, "close");
    this.#tcpdump.kill("SIGINT");
    await closed;
    if (!this.#said.includes("0 packets dropped by kernel")) throw new Error(`packets were missed:\n${this.#said.join("\n")}`);
  }

  #mustRun(): void {
    if (this.#tcpdump.exitCode !== null) throw new Error(`${this.#name} ended:\n${this.#said.join("\n")}`);
  }

  #note(line: string): void {
    const packet = /^\S+ (?<device>\S+) +(?<way>\S+) +IP6? (?<from>\S+) > (?<to>\S+): (?<rest>.*)$/.exec(line)?.groups;
    if (packet === undefined) return void this.#connections.add(`unreadable ${line}`);
    const { device = "", way = "", from = "", to = "", rest = "" } = packet;
    // The loopback shows each packet as one that comes in.
    if (way !== "Out" && device !== "lo") return;
    const [, address = to, port = ""] = /^(\d+(?:\.\d+){3}|.*:.*)\.(\d+)$/.exec(to) ?? [];
    if (from.startsWith(`${resolver}.`)) return;
    const asked = /^\d+[+%*|-]* (?:\[[^\]]*\] )*[A-Z0-9]+\? (\S+?)\.? \(/.exec(rest)?.[1];
    if (asked !== undefined) this.#names.add(asked);
    if (address === resolver && asked !== undefined) return;
    if (address === "127.0.0.1" || address === "::1") return void this.#marks.add(port);
    const protocol = rest.startsWith("Flags ") ? "tcp" : port === "" ? rest : "udp";
    this.#connections.add([protocol, address, port].join(" ").trim());
  }
}

/** What the namespace has sent since it was made. */
const sentBefore = "nstat -asz TcpActiveOpens UdpOutDatagrams >&2";

/** By the first address of the container's first network: its bridge, which drops what may not leave. */
const routeToNowhere = [
  "if ! ip -4 route show default | grep -q .",
  `then set -- "$1" $(ip -4 -o route show scope link | head -n 1)`,
  'ip -4 route add default via "${2%.*}.1" dev "$4"',
  "fi",
].join("\n");
