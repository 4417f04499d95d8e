import { spawn, type ChildProcess } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import getPort from "get-port";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lines } from "../../cli/containers.ts";
import { closeLoopbackCommand } from "../../cli/preflight.ts";
import { resolvePaths } from "../../cli/paths.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { imageSet } from "../../infra/images/images.ts";
import { TestEngine } from "../../infra/images/testing.ts";
import { checkout, newProduct, variant1, type Ended, type Product, type UpJson } from "../docker/product.ts";
import { TestHost } from "./test-host.ts";

// Debian 13 machines without Docker: on them everything happens as on a fresh server, with the distribution's engine 26.1.
const there = "/root/fidus";
const modules = ["node_modules", "app/node_modules"];
let server: TestHost;
/** The same without an init; later the server's neighbour on the same network. */
let bare: TestHost;
let images: Readonly<Record<string, string>>;
let firstOnServer: Ended;
let firstOnBare: Ended;

/** An `up` that is stopped as soon as it has an engine, with what it said. */
const upToDocker = `
  ./fidus up community --model smollm2:135m 2>/tmp/said & up=$!
  until grep --quiet '✓ Docker (' /tmp/said || ! kill -0 $up; do sleep 0.2; done
  kill $up; wait $up; code=$?
  cat /tmp/said >&2; exit $code`;

beforeAll(async () => {
  images = await new TestEngine().images("base", "app", "llm", "postgres", "redis", "proxy");
  const { cache } = resolvePaths(process.env);
  const mounts = Object.fromEntries(modules.map((folder) => [join(there, folder), join(checkout, folder)]));
  server = await TestHost.start({ name: "server", mounts: { ...mounts, "/srv/cache": cache } });
  bare = await TestHost.start({ name: "bare", init: "none", mounts });
  await Promise.all([server, bare].map(copyCheckout));
  const command = `cd ${there}\n${upToDocker}`;
  [firstOnServer, firstOnBare] = await Promise.all([server.exec(command), bare.exec(command)]);
}, 900_000);

afterAll(async () => {
  await server?.stop();
  await bare?.stop();
}, 120_000);

/** The sources as they are now, committed or not: what a clone of them would hold. */
async function copyCheckout(host: TestHost): Promise<void> {
  const { stdout } = await execa("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], { cwd: checkout });
  const files = stdout.split("\0").filter((file) => file !== "" && existsSync(join(checkout, file)));
  await host.copy(checkout, files, there);
}

const fidus = (args: string): Promise<Ended> => server.exec(`cd ${there} && ./fidus ${args}`);

interface StatusJson {
  readonly healthy: boolean;
  readonly services: readonly { readonly role: string; readonly health: string; readonly ports: readonly string[] }[];
}

describe("root on Debian 13 without Docker", () => {
  test("is told, gets the distribution's engine with the docker command, and up goes on", async () => {
    expect(firstOnServer.stderr).toContain("There is no Docker engine here. Installing the distribution's packages");
    expect(firstOnServer.stderr).toMatch(/✓ Docker packages/);
    expect(await server.run("docker version --format '{{.Server.Version}}'")).toMatch(/^26\.1\./);
    expect((await server.run("systemctl is-active docker; systemctl is-enabled docker")).split("\n")).toEqual([
      "active",
      "enabled",
    ]);
    expect(firstOnServer.code).toBe(1);
  });

  test("gets an engine that is started by hand where no init runs, and that outlives the command", async () => {
    expect(await bare.run("cat /proc/1/comm")).not.toBe("systemd");
    expect(firstOnBare.stderr).toContain("There is no Docker engine here. Installing the distribution's packages");
    expect(firstOnBare.stderr).toContain("there is no systemd. Starting dockerd by hand");
    expect(await bare.run("docker version --format '{{.Server.Version}}'")).toMatch(/^26\.1\./);
    expect(firstOnBare.code).toBe(1);
  });
});

describe("on Debian 13's Docker 26.1, with BuildKit", () => {
  let first: UpJson & { readonly tunnel: string | null };
  let log: string;
  let pagePort: number;

  beforeAll(async () => {
    // A port that nobody has here either: frames between two hosts pass the firewall of the engine that they run on.
    pagePort = await getPort();
    const { redis, ...copied } = images;
    await server.loadImages(Object.values(copied));
    await server.run("DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends docker-buildx");
    // Other tests use that cache meanwhile: logs and compiled code come and go in it, and a lock would be a stale one here.
    const pack = "tar --create --directory /srv/cache --exclude '*.lock' --exclude logs --ignore-failed-read toolchain models";
    await server.run(`mkdir -p ~/.cache/fidus && ${pack} | tar --extract --directory ~/.cache/fidus`);
    const ports = `--port ${pagePort} --api-port ${await getPort()}`;
    const ended = await fidus(`up community --model smollm2:135m --json --verbose ${ports}`);
    if (ended.code !== 0) throw new Error(`./fidus up ended with ${ended.code}:\n${ended.stderr}`);
    [first, log] = [JSON.parse(ended.stdout) as typeof first, ended.stderr];
  }, 600_000);

  test("up builds what is missing, leaves no stage behind, and ends in an answer", async () => {
    expect(log).toMatch(/redis: #0 building with "default" instance using docker driver/);
    expect(lines(await server.run("docker image ls --quiet --filter dangling=true"))).toEqual([]);
    expect(await server.run(`docker image inspect --format '{{.Config.User}}' ${images["redis"]}`)).toBe(
      `${imageSet.redis.uid}:${imageSet.redis.uid}`,
    );
    expect(first.proof?.events).toBeGreaterThanOrEqual(3);
    expect(first.admin?.apiKey).toMatch(/^fidus_/);
    expect(first.tunnel).toBeNull();
  });

  test("PostgreSQL and Redis keep their data on volumes, and health is asked every 2 s until good, then every 10 s [C-10] [C-11]", async () => {
    const second = 1_000_000_000;
    const often = { Interval: 10 * second, StartInterval: 2 * second, Timeout: 5 * second, Retries: 5 };
    for (const [role, path] of [
      ["postgres", "/var/lib/postgresql/data"],
      ["redis", "/data"],
    ] as const) {
      const id = await server.run(`docker ps --quiet --filter label=fidus.role=${role}`);
      const [seen] = JSON.parse(await server.run(`docker inspect ${id}`)) as {
        Config: { Healthcheck: object };
        Mounts: { Type: string; Destination: string }[];
      }[];
      expect(seen?.Config.Healthcheck, role).toMatchObject(often);
      expect(seen?.Mounts, role).toContainEqual(expect.objectContaining({ Type: "volume", Destination: path }));
    }
  });

  test("a container that somebody stopped is made anew and waited for, and nothing else changes", async () => {
    const ids = async (): Promise<string[]> => lines(await server.run("docker ps --quiet --filter label=fidus.role"));
    const before = await ids();
    const postgres = await server.run("docker ps --quiet --filter label=fidus.role=postgres");
    await server.run(`docker stop ${postgres}`);
    const { code, stdout, stderr } = await fidus("up community --json");
    expect(stderr).not.toContain("✗");
    expect(code).toBe(0);
    // Memory limits that an engine cannot keep are updates of containers that go on running.
    const { same: _, update: __, ...changes } = (JSON.parse(stdout) as UpJson).changes;
    expect(changes).toEqual({ create: 1 });
    const status = JSON.parse((await fidus("status --json")).stdout) as StatusJson;
    expect(status.services.map(({ role, health }) => `${role} ${health}`)).toEqual(variant1.map((role) => `${role} healthy`));
    expect(status.services.flatMap(({ ports }) => ports).map((port) => port.split(":")[0])).toEqual(["127.0.0.1", "127.0.0.1"]);
    const after = await ids();
    expect(before.filter((id) => !after.includes(id))).toEqual([postgres]);
    expect(after).toHaveLength(before.length);
  });

  test("below engine 28 a neighbour reaches ports on 127.0.0.1: doctor warns, and the rule that it names closes them", async () => {
    const loopback = async (): Promise<{ status: string; fix: string | null }> => {
      const { stdout } = await fidus("doctor --json");
      const { checks } = JSON.parse(stdout) as { checks: { id: string; status: string; fix: string | null }[] };
      return checks.find(({ id }) => id === "loopback") ?? { status: "none", fix: null };
    };
    const knock = readFileSync(join(import.meta.dirname, "knock.py"), "utf8");
    const seenByNeighbour = (): Promise<string> => bare.run(`python3 - ${server.address} ${pagePort}`, knock);
    expect(await seenByNeighbour()).toBe("open");
    expect(await loopback()).toMatchObject({ status: "warn", fix: expect.stringContaining(closeLoopbackCommand) });

    await server.run(closeLoopbackCommand);
    expect(await seenByNeighbour()).toBe("closed");
    expect(await loopback()).toMatchObject({ status: "ok" });
    expect(await server.run(`curl --silent http://localhost:${pagePort}/health`)).toContain('"status"');
  });

  test("down leaves the volumes, uninstall leaves nothing that is ours", async () => {
    const named = (list: string): Promise<string> => server.run(`docker ${list} --quiet --filter label=fidus.installation`);
    const volumes = await named("volume ls");
    expect((await fidus("down")).code).toBe(0);
    expect(await named("ps --all")).toBe("");
    expect(await named("volume ls")).toBe(volumes);
    expect((await fidus("uninstall --yes")).code).toBe(0);
    for (const list of ["ps --all", "volume ls", "network ls"]) expect(await named(list), list).toBe("");
  });
});

describe("an engine reached over SSH", () => {
  let product: Product;
  let first: UpJson & { readonly tunnel: string | null };
  let tunnel: ChildProcess | undefined;

  beforeAll(async () => {
    // What is missing there is built there: the engine's machine needs no checkout.
    await server.run(`docker image rm ${images["redis"]} && rm -r ${there}/cli`);
    product = await newProduct({ settings: { DOCKER_HOST: `ssh://root@${server.address}`, PATH: server.env["PATH"] } });
    first = (await product.up()) as typeof first;
  }, 600_000);

  afterAll(async () => {
    tunnel?.kill();
    await product?.remove();
  }, 180_000);

  test("up builds on it, fills the secrets' files, and asks its question where the ports are published", async () => {
    expect(first.proof?.events).toBeGreaterThanOrEqual(3);
    expect(await server.run(`docker image ls --quiet ${images["redis"]}`)).not.toBe("");
    const api = await server.run("docker ps --quiet --filter label=fidus.role=api");
    const modes = lines(await server.run(`docker exec ${api} sh -c 'stat -c "%a %u" /run/fidus/*'`));
    expect(new Set(modes)).toEqual(new Set([`400 ${imageSet.app.uid}`]));
  });

  test("its page opens here behind the command that up names", async () => {
    const health = async (): Promise<number | null> => (await fetch(`${product.url}/health`).catch(() => null))?.status ?? null;
    expect(await health()).toBeNull();
    const [program = "", ...args] = (first.tunnel ?? "").split(" ");
    tunnel = spawn(program, args, { env: server.env, stdio: "ignore" });
    expect(await eventually("the page answers here", health)).toBe(200);
  });

  test("status sees it, down leaves its volumes, and uninstall leaves nothing there", async () => {
    expect(JSON.parse((await product.fidus("status", "--json")).stdout)).toMatchObject({ healthy: true });
    expect((await product.fidus("down")).code).toBe(0);
    expect(await server.run("docker ps --all --quiet --filter label=fidus.installation")).toBe("");
    expect(lines(await server.run("docker volume ls --quiet --filter label=fidus.installation")).length).toBeGreaterThan(5);
    expect((await product.fidus("uninstall", "--yes")).code).toBe(0);
    for (const list of ["ps --all", "volume ls", "network ls"])
      expect(await server.run(`docker ${list} --quiet --filter label=fidus.installation`), list).toBe("");
  });

  test("a machine whose host key the operator has not accepted is refused", async () => {
    const env = { ...product.env, PATH: process.env["PATH"] };
    const { exitCode, stdout } = await execa(join(checkout, "fidus"), ["doctor", "--json"], {
      env,
      reject: false,
      stdin: "ignore",
    });
    const { checks } = JSON.parse(stdout) as { checks: { id: string; status: string; detail: string }[] };
    expect(checks).toContainEqual(
      expect.objectContaining({ id: "engine", status: "fail", detail: expect.stringContaining("Host key verification failed") }),
    );
    expect(exitCode).toBe(1);
  });
});
