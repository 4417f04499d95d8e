import { eventually } from "../../infra/core/eventually.ts";
import { DockerError, type Docker } from "../../infra/images/docker-cli.ts";

type Env = Readonly<Record<string, string>>;

/** A role of an application's image that serves on this host's loopback. */
export interface RunningRole {
  readonly url: string;
  /** Both streams of output so far. */
  readonly logs: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

const isolation = ["--init", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"];
// The stores and the runtime of the tests listen on this host's loopback.
const host = ["--network", "host", "--tmpfs", "/tmp:mode=1777", "--label", "fidus.test=versions"];
const given = (env: Env): string[] => Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]);

/** What a role runs with. */
export interface RoleSettings {
  /** Its ports must be 0. */
  readonly env: Env;
  /** Mounts in docker's own form, `volume:/path`. */
  readonly volumes: readonly string[];
}

/** Starts a role; resolves when it listens. */
export async function startRole(docker: Docker, image: string, role: string, settings: RoleSettings): Promise<RunningRole> {
  const mounts = settings.volumes.flatMap((mount) => ["--volume", mount]);
  const id = (await docker(["run", "--detach", ...isolation, ...host, ...mounts, ...given(settings.env), image, role])).trim();
  const logs = async (): Promise<string> => {
    const lines: string[] = [];
    await docker(["logs", id], { onLine: (line) => lines.push(line) });
    return lines.join("\n");
  };
  const stop = async (): Promise<void> => void (await docker(["rm", "--force", "--volumes", id]));
  try {
    const line = await eventually("it listens", async () =>
      (await logs()).split("\n").find((text) => text.includes('"listening"')),
    );
    return { url: `http://127.0.0.1:${(JSON.parse(line) as { port: number }).port}`, logs, stop };
  } catch (error) {
    const said = await logs();
    await stop();
    throw new Error(`${image} ${role}: ${said}`, { cause: error });
  }
}

/** Runs a command of the image to its end: exit code and output. */
export async function runCommand(docker: Docker, image: string, args: readonly string[], env: Env): Promise<[number, string]> {
  try {
    return [0, await docker(["run", "--rm", ...isolation, ...host, ...given(env), image, ...args])];
  } catch (error) {
    if (error instanceof DockerError) return [error.exitCode ?? -1, error.output];
    throw error;
  }
}
