import { randomBytes } from "node:crypto";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { eventually } from "../core/eventually.ts";
import { ensureImages } from "./build.ts";
import { dockerCli, DockerError, type Docker } from "./docker-cli.ts";
import { imageSet, type ImageName } from "./images.ts";
import { imageRef } from "./tags.ts";

/** The checkout that the tests belong to. */
export const checkout = join(import.meta.dirname, "../..");

/** A container as the product runs it. */
export interface HardenedContainer {
  readonly image: string;
  /** Mounts in docker's own form, `volume:/path[:ro]`. */
  readonly volumes?: readonly string[];
  readonly tmpfs?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly args?: readonly string[];
  /** Docker options beside the hardened ones. */
  readonly options?: readonly string[];
}

/** Containers and volumes of one test file on the real engine, removed by id at its end. */
export class TestEngine {
  readonly docker: Docker = dockerCli();
  readonly #containers: string[] = [];
  readonly #volumes: string[] = [];

  /** Makes the engine hold the images of this checkout and returns their references. */
  async images<Name extends ImageName>(...names: Name[]): Promise<Record<Name, string>> {
    await ensureImages({ docker: this.docker, names, root: checkout, source: "build", cache: testCache() });
    return Object.fromEntries(names.map((name) => [name, imageRef(name, { root: checkout })])) as Record<Name, string>;
  }

  /** A new named volume. */
  async volume(): Promise<string> {
    const name = `fidus-test-${randomBytes(6).toString("hex")}`;
    await this.docker(["volume", "create", "--label", "fidus.test=images", name]);
    this.#volumes.push(name);
    return name;
  }

  /** Fills a volume with files as the product does: the one-shot of the base image, with the same rights. */
  async fill(base: string, volume: string, document: string): Promise<{ changed: boolean; files: number }> {
    const rights = ["CHOWN", "FOWNER", "DAC_OVERRIDE"].flatMap((capability) => ["--cap-add", capability]);
    const isolation = ["--user", "0", "--network", "none", "--read-only", "--cap-drop", "ALL", ...rights];
    const command = [
      "run",
      "-i",
      "--rm",
      ...isolation,
      "-v",
      `${volume}:/files`,
      "--entrypoint",
      "/usr/local/bin/fill-files",
      base,
    ];
    return JSON.parse(await this.docker(command, { input: document })) as { changed: boolean; files: number };
  }

  /** Starts a container with the product's restrictions, and without any network but its own loopback; returns its id. */
  async start(container: HardenedContainer): Promise<string> {
    const { image, volumes = [], tmpfs = [], env = {}, args = [], options = [] } = container;
    const restrictions = [
      "--init",
      "--read-only",
      "--cap-drop",
      "ALL",
      "--security-opt",
      "no-new-privileges",
      "--label",
      "fidus.test=images",
      "--network",
      "none",
    ];
    const created = await this.docker([
      "create",
      ...restrictions,
      ...["/tmp", ...tmpfs].flatMap((path) => ["--tmpfs", `${path}:mode=1777,nosuid,nodev`]),
      ...volumes.flatMap((mount) => ["--volume", mount]),
      ...Object.entries(env).flatMap(([key, value]) => ["--env", `${key}=${value}`]),
      ...options,
      image,
      ...args,
    ]);
    const id = created.trim();
    this.#containers.push(id);
    await this.docker(["start", id]);
    return id;
  }

  /** Standard output of a program in a container; rejects when it fails. */
  async exec(id: string, ...command: readonly string[]): Promise<string> {
    return (await this.docker(["exec", id, ...command])).trim();
  }

  /** Exit code of a program in a container. */
  async status(id: string, ...command: readonly string[]): Promise<number> {
    return this.docker(["exec", id, ...command]).then(
      () => 0,
      (error: unknown) => (error instanceof DockerError ? (error.exitCode ?? -1) : -1),
    );
  }

  /** Both output streams of a container so far. */
  async logs(id: string): Promise<string> {
    const lines: string[] = [];
    await this.docker(["logs", id], { onLine: (line) => lines.push(line) });
    return lines.join("\n");
  }

  /** Waits until the image's health check succeeds; after the bound throws with the container's last log lines. */
  async healthy(id: string, ...check: readonly string[]): Promise<void> {
    try {
      await eventually("the health check succeeds", async () => (await this.status(id, "healthcheck", ...check)) === 0);
    } catch (error) {
      throw new Error(`${String(error)}\n${(await this.logs(id)).split("\n").slice(-20).join("\n")}`, { cause: error });
    }
  }

  /** Removes what this object made. */
  async close(): Promise<void> {
    if (this.#containers.length > 0) await this.docker(["rm", "--force", "--volumes", ...this.#containers]);
    if (this.#volumes.length > 0) await this.docker(["volume", "rm", "--force", ...this.#volumes]);
  }
}

/** A document for the filler. */
export function fillDocument(name: ImageName, files: Readonly<Record<string, string>>): string {
  const lines = Object.entries(files).map(([file, content]) => `${file} ${Buffer.from(content).toString("base64")}`);
  return [`uid ${imageSet[name].uid}`, ...lines, ""].join("\n");
}

/** One cache for all test files: their builds wait for each other and each image is built once. */
export function testCache(): string {
  return join(tmpdir(), `fidus-test-cache-${userInfo().uid}`);
}
