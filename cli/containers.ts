import { dockerCli, type Docker } from "../infra/images/docker-cli.ts";
import { installationLabel, namePrefix } from "../infra/core/naming.ts";

/** The docker command on the engine at `dockerHost`. */
export function dockerAt(dockerHost: string, env: NodeJS.ProcessEnv): Docker {
  return dockerCli({ env: { ...env, DOCKER_HOST: dockerHost } });
}

/** A container of a stack as the engine sees it now. */
export interface StackContainer {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** created, running, paused, restarting, exited, dead */
  readonly state: string;
  /** healthy, unhealthy, starting, or none where there is no check */
  readonly health: string;
  readonly image: string;
  readonly exitCode: number;
  readonly startedAt: string;
  /** Published ports as `ip:host->container`. */
  readonly ports: readonly string[];
}

/** All containers that bear the stack's labels, sorted by name. */
export async function stackContainers(docker: Docker, installation: string, stack: string | null): Promise<StackContainer[]> {
  const filters = [
    "--filter",
    `label=${installationLabel}=${installation}`,
    ...(stack === null ? [] : ["--filter", `label=fidus.stack=${stack}`]),
  ];
  const ids = lines(await docker(["ps", "--all", "--quiet", "--no-trunc", ...filters]));
  if (ids.length === 0) return [];
  const inspected: unknown = JSON.parse(await docker(["inspect", ...ids]));
  return (inspected as Inspected[]).map(toContainer).sort((a, b) => a.name.localeCompare(b.name));
}

/** Containers that have one of the stack's names but not its labels: somebody else's, never to be touched. */
export async function foreignContainers(docker: Docker, installation: string, stack: string): Promise<string[]> {
  const prefix = namePrefix({ installation, stack });
  const format = `{{.Names}}\t{{.Label "${installationLabel}"}}`;
  const rows = lines(await docker(["ps", "--all", "--filter", `name=^/?${prefix}-`, "--format", format]));
  return rows.map((row) => row.split("\t")).flatMap(([name = "", owner]) => (owner === installation ? [] : [name]));
}

/** The last log lines of a container, standard output and error together, in the order in which they came. */
export async function lastLogLines(docker: Docker, container: string, count: number): Promise<string> {
  const seen: string[] = [];
  try {
    await docker(["logs", "--tail", String(count), container], { onLine: (line) => seen.push(line) });
  } catch (error) {
    seen.push(String(error));
  }
  return seen.join("\n");
}

/** Non-empty lines. */
export function lines(text: string): string[] {
  return text.split("\n").filter((line) => line !== "");
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly Config: { readonly Image: string; readonly Labels: Record<string, string> };
  readonly State: {
    readonly Status: string;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly Health?: { readonly Status: string };
  };
  readonly NetworkSettings: { readonly Ports: Record<string, { HostIp: string; HostPort: string }[] | null> };
}

function toContainer({ Id, Name, Config, State, NetworkSettings }: Inspected): StackContainer {
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    role: Config.Labels["fidus.role"] ?? "",
    state: State.Status,
    health: State.Health?.Status ?? "none",
    image: Config.Image,
    exitCode: State.ExitCode,
    startedAt: State.StartedAt,
    ports: Object.entries(NetworkSettings.Ports ?? {}).flatMap(([inside, outside]) =>
      (outside ?? []).map(({ HostIp, HostPort }) => `${HostIp}:${HostPort}->${inside}`),
    ),
  };
}
