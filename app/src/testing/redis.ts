import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import getPort from "get-port";

/** A real Redis or Valkey of its own, on a free loopback port. */
export interface TestRedis {
  readonly url: string;
  /** Where it writes what it keeps. */
  readonly folder: string;
  /** Kills it. May be called twice. */
  readonly stop: () => Promise<void>;
}

/** Starts a server; ready when the promise resolves. With `appendOnly` it writes to its disk. @throws with the command that installs one */
export async function startRedis({ appendOnly = false } = {}): Promise<TestRedis> {
  const program = ["/usr/bin/valkey-server", "/usr/bin/redis-server"].find((path) => existsSync(path));
  if (program === undefined)
    throw new Error("/usr/bin: got no redis-server; needs one for these tests. apt-get install --yes redis-server");
  const port = await getPort();
  const folder = mkdtempSync("/tmp/fidus-redis-");
  const args = [
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
  ];
  const server = spawn(program, args, { stdio: "ignore" });
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
  return { folder, url: `redis://127.0.0.1:${port}`, stop };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => socket.end(() => resolve(true))).once("error", () => resolve(false));
  });
}
