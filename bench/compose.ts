import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { lines, stackContainers } from "../cli/containers.ts";
import { eventually } from "../infra/core/eventually.ts";
import { docker, newProduct } from "../tests/docker/product.ts";
import { timed, writeSection } from "./report.ts";

/** `./fidus up` against the distribution's Compose client, which brings the same containers to all-healthy; both from `down`. */
const runs = 3;

/** Roles that wait for others to be healthy, as in the product. */
const after: Readonly<Record<string, readonly string[]>> = {
  "api-1": ["postgres", "redis"],
  worker: ["postgres", "redis"],
  proxy: ["api-1", "web", "worker"],
};

const { failed } = await execa("docker-compose", ["version"], { reject: false });
if (failed) {
  console.error(
    "docker-compose: got nothing that runs; needs Debian's Compose client. apt-get install -y --no-install-recommends docker-compose",
  );
  process.exit(1);
}

const product = await newProduct();
const folder = mkdtempSync(join(tmpdir(), "fidus-compose-"));
try {
  await product.up();
  const id = await product.id();
  const running = await stackContainers(docker, id, "community");
  const inspected = JSON.parse(await docker(["inspect", ...running.map((container) => container.id)])) as Inspected[];
  const project = `fidusbench${process.pid}`;
  const file = join(folder, "compose.yaml");
  writeFileSync(file, composeFile(inspected, `fidus-${id}-community`));
  const compose = (...args: string[]): Promise<unknown> =>
    execa("docker-compose", ["--project-name", project, "--file", file, ...args], { stdin: "ignore" });
  const healthy = ["ps", "--quiet", "--filter", `label=com.docker.compose.project=${project}`, "--filter", "health=healthy"];
  const allHealthy = async (): Promise<boolean> => lines(await docker(healthy)).length === inspected.length;
  const peer: number[] = [];
  const ours: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await product.fidus("down", "community");
    const bring = async (): Promise<unknown> => compose("up", "--detach").then(() => eventually("all healthy", allHealthy));
    try {
      peer.push((await timed(bring)).seconds);
    } finally {
      await compose("down");
    }
    ours.push((await timed(() => product.up())).seconds);
  }
  const pairs = ours.map((seconds, run) => [seconds, peer[run] ?? Number.NaN] as const);
  writeSection(
    "Against Compose",
    "node bench/compose.ts",
    [
      { name: "`docker-compose up` to all healthy", values: peer, unit: "s" },
      { name: "`./fidus up` to the answered question", values: ours, unit: "s" },
      { name: "difference", values: pairs.map(([mine, other]) => mine - other), unit: "s", goal: "≤ 12 s" },
      { name: "ratio", values: pairs.map(([mine, other]) => mine / other), unit: "ratio" },
    ],
    [
      "Same images, volumes, limits, health checks (every 2 s) and order of start, both from `down` (volumes kept). Ours also checks host, toolchain and images, runs the migrations, and asks the model one question.",
    ],
  );
} finally {
  await product.remove();
  rmSync(folder, { recursive: true, force: true });
}

interface Inspected {
  readonly Name: string;
  readonly Config: {
    readonly Image: string;
    readonly Cmd: string[] | null;
    readonly Env: string[];
    readonly Labels: Record<string, string>;
    readonly Healthcheck: Healthcheck;
  };
  readonly HostConfig: {
    readonly Memory: number;
    readonly Tmpfs: Record<string, string> | null;
    readonly PortBindings: Record<string, { HostIp: string; HostPort: string }[]> | null;
  };
  readonly Mounts: { readonly Type: string; readonly Name?: string; readonly Destination: string; readonly RW: boolean }[];
}

interface Healthcheck {
  readonly Test: string[];
  /** Nanoseconds, as the next one. */
  readonly Interval: number;
  readonly Timeout: number;
  readonly Retries: number;
}

/** The same containers as a Compose file: same images, settings, checks and volumes, in the same order of start. */
function composeFile(containers: readonly Inspected[], prefix: string): string {
  const services = containers.map((container) => {
    const role = container.Name.replace(`/${prefix}-`, "");
    return [role, composeService(container, after[role] ?? [])] as const;
  });
  const named = containers.flatMap(({ Mounts }) => Mounts.flatMap(({ Name }) => Name ?? []));
  const volumes = Object.fromEntries(named.map((name) => [name, { external: true }]));
  return stringify({ version: "2.4", services: Object.fromEntries(services), volumes });
}

function composeService({ Config, HostConfig, Mounts }: Inspected, waitsFor: readonly string[]): object {
  const { Test, Interval, Timeout, Retries } = Config.Healthcheck;
  const seconds = (nanoseconds: number): string => `${nanoseconds / 1e9}s`;
  return {
    image: Config.Image,
    command: (Config.Cmd ?? []).map(verbatim),
    environment: Config.Env.filter((entry) => !/^(PATH|NODE_ENV)=/.test(entry)).map(verbatim),
    read_only: true,
    init: true,
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    mem_limit: HostConfig.Memory,
    memswap_limit: HostConfig.Memory,
    tmpfs: Object.entries(HostConfig.Tmpfs ?? {}).map(([path, options]) => `${path}:${options}`),
    ports: Object.entries(HostConfig.PortBindings ?? {}).flatMap(([inside, outside]) =>
      outside.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}:${inside.replace("/tcp", "")}`),
    ),
    volumes: Mounts.filter(({ Type }) => Type === "volume").map(
      ({ Name, Destination, RW }) => `${Name}:${Destination}${RW ? "" : ":ro"}`,
    ),
    networks: { default: { aliases: [Config.Labels["fidus.role"]] } },
    healthcheck: { test: Test.map(verbatim), interval: seconds(Interval), timeout: seconds(Timeout), retries: Retries },
    depends_on: Object.fromEntries(waitsFor.map((name) => [name, { condition: "service_healthy" }])),
  };
}

/** Compose takes `$` for the start of a variable. */
function verbatim(text: string): string {
  return text.replaceAll("$", "$$$$");
}
