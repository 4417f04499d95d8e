import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import getPort from "get-port";

/** A real Redis or Valkey of its own, on a free loopback port. */
export interface TestRedis {
  readonly url: string;
  readonly port: number;
  /** Where it writes what it keeps. */
  readonly folder: string;
  /** Keeps its connections and answers nothing any more. */
  readonly freeze: () => void;
  /** Kills it. May be called twice. */
  readonly stop: () => Promise<void>;
}

interface RedisServerOptions {
  /** Writes to its disk. @default false */
  readonly appendOnly?: boolean;
  /** Settings as arguments. @default none */
  readonly settings?: readonly string[];
}

/** Starts a server; ready when the promise resolves. @throws with the command that installs one */
export async function startRedis({ appendOnly = false, settings = [] }: RedisServerOptions = {}): Promise<TestRedis> {
  const port = await getPort();
  return launch(port, (folder) => [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    appendOnly ? "yes" : "no",
    "--dir",
    folder,
    ...settings,
  ]);
}

/** A master, its replica and three Sentinels, all with the same password. */
export interface TestSentinels {
  /** What `REDIS_URL` is: the Sentinels, password and group. */
  readonly url: string;
  readonly master: TestRedis;
  readonly stop: () => Promise<void>;
}

/** Sentinels that take a master for dead after a second of silence. */
export async function startSentinels(): Promise<TestSentinels> {
  const [password, group] = ["between-friends", "fidus"];
  const settings = ["--requirepass", password, "--masterauth", password];
  const master = await startRedis({ settings });
  const replica = await startRedis({ settings: [...settings, "--replicaof", `127.0.0.1 ${master.port}`] });
  const conf = (port: number): string => `
    port ${port}
    bind 127.0.0.1
    requirepass ${password}
    sentinel sentinel-pass ${password}
    sentinel monitor ${group} 127.0.0.1 ${master.port} 2
    sentinel auth-pass ${group} ${password}
    sentinel down-after-milliseconds ${group} 1000
    sentinel failover-timeout ${group} 5000`;
  const sentinels: TestRedis[] = [];
  for (let count = 0; count < 3; count++) {
    const port = await getPort();
    const inFolder = (folder: string): string[] => {
      writeFileSync(join(folder, "sentinel.conf"), conf(port));
      return [join(folder, "sentinel.conf"), "--sentinel", "--dir", folder];
    };
    sentinels.push(await launch(port, inFolder));
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(",");
  return {
    url: `redis-sentinel://:${password}@${hosts}/0#${group}`,
    master,
    stop: async () => {
      await Promise.all([...sentinels, replica, master].map((each) => each.stop()));
    },
  };
}

/** Starts the program in a folder of its own, with the arguments for it. */
async function launch(port: number, argsIn: (folder: string) => readonly string[]): Promise<TestRedis> {
  const program = ["/usr/bin/valkey-server", "/usr/bin/redis-server"].find((path) => existsSync(path));
  if (program === undefined)
    throw new Error("/usr/bin: got no redis-server; needs one for these tests. apt-get install --yes redis-server");
  const folder = mkdtempSync("/tmp/fidus-redis-");
  const server = spawn(program, argsIn(folder), { stdio: "ignore" });
  const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
  const stop = async (): Promise<void> => {
    server.kill("SIGKILL");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + 10_000;
  while (!(await accepts(port))) {
    if (Date.now() > deadline) {
      await stop();
      throw new Error(`redis did not listen on ${port} within 10 s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { folder, port, url: `redis://127.0.0.1:${port}`, freeze: () => void server.kill("SIGSTOP"), stop };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.end(() => resolve(true))).once("error", () => resolve(false));
  });
}
