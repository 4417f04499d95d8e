import { existsSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { lines } from "../../cli/containers.ts";
import { resolvePaths } from "../../cli/paths.ts";
import { imageSet } from "../../infra/images/images.ts";
import { TestEngine } from "../../infra/images/testing.ts";
import { checkout, type Ended, type UpJson } from "../docker/product.ts";
import { TestHost } from "./test-host.ts";

// Debian 13 machines without Docker: on them everything happens as on a fresh server, with the distribution's engine 26.1.
const there = "/root/fidus";
const modules = ["node_modules", "app/node_modules"];
let server: TestHost;
/** The same without an init. */
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

  beforeAll(async () => {
    const { redis, ...copied } = images;
    await server.loadImages(Object.values(copied));
    await server.run("DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends docker-buildx");
    await server.run("mkdir -p ~/.cache/fidus && cp -a /srv/cache/toolchain /srv/cache/models ~/.cache/fidus/");
    const ended = await fidus("up community --model smollm2:135m --json --verbose");
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

  test("health is asked every 2 s until it is good, then every 10 s", async () => {
    const id = await server.run("docker ps --quiet --filter label=fidus.role=postgres");
    const second = 1_000_000_000;
    expect(JSON.parse(await server.run(`docker inspect --format '{{json .Config.Healthcheck}}' ${id}`))).toMatchObject({
      Interval: 10 * second,
      StartInterval: 2 * second,
    });
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
