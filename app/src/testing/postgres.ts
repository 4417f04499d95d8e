import { spawn, execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import getPort from "get-port";
import pg from "pg";

const execFileAsync = promisify(execFile);

/** A real PostgreSQL of its own, on a free loopback port, in a temporary folder. */
export interface TestPostgres {
  readonly port: number;
  /** Where programs of the server's version are: pg_dump, pg_restore. */
  readonly bin: string;
  /** Makes an empty database and returns its URL. */
  readonly createDatabase: () => Promise<string>;
  /** Stops the server at once, as a crash does, and starts it again with its data; ready when the promise resolves. */
  readonly restart: () => Promise<void>;
  /** Stops the server at once, as a crash does. */
  readonly stop: () => Promise<void>;
}

/** Folder of initdb and postgres, newest version first. @throws with the command that installs them */
function findBinaries(): string {
  const base = "/usr/lib/postgresql";
  const versions = existsSync(base) ? readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  const found = versions.map((version) => join(base, version, "bin")).find((bin) => existsSync(join(bin, "initdb")));
  if (found !== undefined) return found;
  throw new Error(`${base}: got no initdb; needs PostgreSQL 15 or newer. apt-get install --yes postgresql`);
}

/** PostgreSQL refuses to run as root: then it runs as the account Debian's package brings. */
async function unprivileged(): Promise<{ uid: number; gid: number } | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const [uid, gid] = await Promise.all(
    ["-u", "-g"].map(async (flag) => Number((await execFileAsync("id", [flag, "postgres"])).stdout)),
  );
  return uid === undefined || gid === undefined ? undefined : { uid, gid };
}

/** Starts a server; ready when the promise resolves. Durability is off: the data dies with the test. */
export async function startPostgres(): Promise<TestPostgres> {
  const bin = findBinaries();
  const account = await unprivileged();
  const folder = mkdtempSync("/tmp/fidus-pg-");
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const data = join(folder, "data");
  await execFileAsync(join(bin, "initdb"), ["-D", data, "-U", "fidus", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"], {
    ...account,
    cwd: folder,
  });
  const port = await getPort();
  const settings = { listen_addresses: "127.0.0.1", port, unix_socket_directories: folder, fsync: "off", max_connections: 60 };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const adminUrl = `postgres://fidus@127.0.0.1:${port}/postgres`;
  const launch = () => {
    const server = spawn(join(bin, "postgres"), ["-D", data, ...args], { ...account, cwd: folder, stdio: "ignore" });
    return { server, exited: new Promise<void>((resolve) => server.once("exit", () => resolve())) };
  };
  let running = launch();
  const kill = async (): Promise<void> => {
    running.server.kill("SIGQUIT");
    await running.exited;
  };
  const stop = async (): Promise<void> => {
    await kill();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await waitUntilReady(adminUrl, running.server);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    port,
    bin,
    createDatabase: async () => {
      const name = `test_${randomUUID().replaceAll("-", "")}`;
      await query(adminUrl, `CREATE DATABASE ${name}`);
      return `postgres://fidus@127.0.0.1:${port}/${name}`;
    },
    restart: async () => {
      await kill();
      running = launch();
      await waitUntilReady(adminUrl, running.server);
    },
    stop,
  };
}

/** Runs one statement on a connection of its own. */
export async function query<T extends pg.QueryResultRow>(url: string, sql: string, values: unknown[] = []): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql, values)).rows;
  } finally {
    await client.end();
  }
}

async function waitUntilReady(url: string, server: { exitCode: number | null }): Promise<void> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      await query(url, "SELECT 1");
      return;
    } catch (error) {
      if (server.exitCode !== null || Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
