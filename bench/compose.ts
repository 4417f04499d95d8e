import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { stackContainers } from "../cli/containers.ts";
import { eventually } from "../infra/core/eventually.ts";
import { docker, newProduct } from "../tests/docker/product.ts";
import { timed, writeSection } from "./report.ts";

const runs = 3;

interface Inspected {
  readonly Name: string;
  readonly Config: {
    readonly Image: string;
    readonly Cmd: string[] | null;
    readonly Env: string[];
    readonly Labels: Record<string, string>;
    readonly Healthcheck: {
      readonly Test: string[];
      readonly Interval: number;
      readonly Timeout: number;
      readonly Retries: number;
    };
  };
  readonly HostConfig: {
    readonly Memory: number;
    readonly Tmpfs: Record<string, string> | null;
    readonly PortBindings: Record<string, { HostIp: string; HostPort: string }[]> | null;
  };
  readonly Mounts: { readonly Type: string; readonly Name?: string; readonly Destination: string; readonly RW: boolean }[];
}

/** The same containers as a Compose file: same images, settings, checks and volumes, in the same order of start. */
function composeFile(containers: readonly Inspected[], prefix: string): string {
  const role = ({ Name }: Inspected): string => Name.replace(`/${prefix}-`, "");
  const after: Record<string, readonly string[]> = {
    "api-1": ["postgres", "redis"],
    worker: ["postgres", "redis"],
    proxy: ["api-1", "web", "worker"],
  };
  const services = containers.map((container) => {
    const { Config, HostConfig, Mounts } = container;
    const seconds = (nanoseconds: number): string => `${nanoseconds / 1e9}s`;
    const ports = Object.entries(HostConfig.PortBindings ?? {}).flatMap(([inside, outside]) =>
      outside.map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}:${inside.replace("/tcp", "")}`),
    );
    const service = {
      image: Config.Image,
      command: Config.Cmd ?? [],
      environment: Config.Env.filter((entry) => !/^(PATH|NODE_ENV)=/.test(entry)),
      read_only: true,
      init: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
      mem_limit: HostConfig.Memory,
      tmpfs: Object.keys(HostConfig.Tmpfs ?? {}),
      ports,
      volumes: Mounts.filter(({ Type }) => Type === "volume").map(
        ({ Name, Destination, RW }) => `${Name}:${Destination}${RW ? "" : ":ro"}`,
      ),
      networks: { default: { aliases: [Config.Labels["fidus.role"]] } },
      healthcheck: {
        test: Config.Healthcheck.Test,
        interval: seconds(Config.Healthcheck.Interval),
        timeout: seconds(Config.Healthcheck.Timeout),
        retries: Config.Healthcheck.Retries,
      },
      depends_on: Object.fromEntries((after[role(container)] ?? []).map((name) => [name, { condition: "service_healthy" }])),
    };
    return [role(container), service] as const;
  });
  const volumes = containers.flatMap(({ Mounts }) =>
    Mounts.flatMap(({ Name }) => (Name === undefined ? [] : [[Name, { external: true }] as const])),
  );
  return stringify({ version: "2.4", services: Object.fromEntries(services), volumes: Object.fromEntries(volumes) });
}

const product = await newProduct();
const folder = mkdtempSync(join(tmpdir(), "fidus-compose-"));
try {
  await product.up();
  const running = await stackContainers(docker, await product.id(), "community");
  const inspected = JSON.parse(await docker(["inspect", ...running.map(({ id }) => id)])) as Inspected[];
  const project = `fidusbench${process.pid}`;
  const file = join(folder, "compose.yaml");
  writeFileSync(file, composeFile(inspected, `fidus-${await product.id()}-community`));
  const compose = (...args: string[]): Promise<unknown> =>
    execa("docker-compose", ["--project-name", project, "--file", file, ...args], { stdin: "ignore" });
  const peer: number[] = [];
  const ours: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    await product.fidus("down", "community");
    peer.push(
      (
        await timed(async () => {
          await compose("up", "--detach");
          await eventually("all healthy", async () => {
            const ids = (
              await docker([
                "ps",
                "--quiet",
                "--filter",
                `label=com.docker.compose.project=${project}`,
                "--filter",
                "health=healthy",
              ])
            ).split("\n");
            return ids.length === inspected.length;
          });
        })
      ).seconds,
    );
    await compose("down");
    ours.push((await timed(() => product.up())).seconds);
  }
  writeSection(
    "Against Compose",
    "node bench/compose.ts",
    [
      { name: "docker-compose up to all healthy (Debian's client)", values: peer, unit: "s" },
      { name: "./fidus up to the answered question", values: ours, unit: "s", goal: "Compose + 12 s or less" },
      { name: "ratio ours / Compose", values: ours.map((value, run) => value / (peer[run] ?? Number.NaN)), unit: "ratio" },
    ],
    [
      "Same images, volumes, limits, health checks (every 2 s) and order of start, both from `down`. Ours also checks host, toolchain and images, runs the migrations and asks the model one question.",
    ],
  );
} finally {
  await product.remove();
  rmSync(folder, { recursive: true, force: true });
}
