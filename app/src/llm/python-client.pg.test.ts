import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface, type Interface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { testPython } from "../../../tests/python/environment.ts";
import { timed, until } from "../testing/api.ts";
import { speakOpenAi } from "../testing/openai-runtime.ts";
import { startRuntimes } from "../testing/runtimes.ts";
import { chunk, done, openStream, streamForEver } from "../testing/upstream.ts";

/** The official Python client against the gateway before a scripted runtime; the Node one is in relay and endpoints. */
const start = () =>
  startRuntimes(["all"], (base) => ({
    runtimes: { all: { kind: "vllm", baseUrl: base.all } },
    models: { all: { targets: [{ runtime: "all", model: "all-model" }] } },
  }));
let gateway: Awaited<ReturnType<typeof start>>;
let program: ChildProcessByStdio<Writable, Readable, null>;
let lines: Interface;
let ended: Promise<never>;

beforeAll(async () => {
  const client = fileURLToPath(new URL("../testing/python_client.py", import.meta.url));
  const python = await testPython();
  gateway = await start();
  program = spawn(python, [client, gateway.url], { stdio: ["pipe", "pipe", "inherit"] });
  lines = createInterface(program.stdout);
  ended = once(program, "exit").then(() => Promise.reject(new Error("the client ended; what it said is above")));
  ended.catch(() => {});
}, 60_000);
afterAll(async () => {
  if (program !== undefined) {
    program.stdin.end();
    await once(program, "close");
  }
  await gateway?.close();
});
beforeEach(() => {
  gateway.upstreams.all.answer(speakOpenAi);
});

/** What the client saw. */
async function seen(name: string, key: string = gateway.keys.allowing): Promise<unknown> {
  const line = once(lines, "line") as Promise<[string]>;
  program.stdin.write(`${name} ${key}\n`);
  return JSON.parse((await Promise.race([line, ended]))[0]);
}

const said = "Grüße, Jo 🦉";

describe("the official Python client [L-01]", () => {
  test.each([
    ["chat", [said, "stop", 10]],
    ["stream", [true, said, "stop", 10]],
    ["parse", "Bern"],
    ["completions", "Say"],
    ["embeddings", [0.5, -2]],
    ["models", [["all"], "all"]],
    ["responses", ["Hello", 10, "response.completed", "Hello"]],
  ])("works: %s", async (name, expected) => {
    expect(await seen(name)).toEqual(expected);
  });

  test("structured output reaches the runtime as the client wrote it", async () => {
    await seen("parse");
    const { response_format: format } = JSON.parse(gateway.upstreams.all.requests.at(-1)?.body ?? "") as Record<string, unknown>;
    expect(format).toMatchObject({ type: "json_schema", json_schema: { name: "City", strict: true } });
  });

  test("calls tools, whole and from pieces", async () => {
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Bern"}' } };
    const head = { id: "c", created: 1, model: "all-model" };
    gateway.upstreams.all.answer((res) => {
      const message = { role: "assistant", content: null, refusal: null, tool_calls: [call] };
      const choices = [{ index: 0, message, finish_reason: "tool_calls", logprobs: null }];
      res.writeHead(200, { "content-type": "application/json" });
      res.end(JSON.stringify({ ...head, object: "chat.completion", choices }));
    });
    expect(await seen("tools")).toEqual(["call_1", "weather", { city: "Bern" }]);
    gateway.upstreams.all.answer((res) => {
      openStream(res);
      const send = (delta: object, reason: string | null = null): void => {
        const choices = [{ index: 0, delta, finish_reason: reason, logprobs: null }];
        res.write(`data: ${JSON.stringify({ ...head, object: "chat.completion.chunk", choices })}\n\n`);
      };
      send({ tool_calls: [{ index: 0, ...call, function: { name: "weather", arguments: '{"ci' } }] });
      send({ tool_calls: [{ index: 0, function: { arguments: 'ty":"Bern"}' } }] });
      send({}, "tool_calls");
      res.end(done);
    });
    expect(await seen("tool_stream")).toEqual([["weather", { city: "Bern" }]]);
  });
});

describe("the official Python client raises", () => {
  test("AuthenticationError for a key that is not ours", async () => {
    expect(await seen("error", "fidus_no")).toEqual(["AuthenticationError", 401, "invalid_api_key", null]);
  });

  test.each([
    [400, "BadRequestError"],
    [404, "NotFoundError"],
    [422, "UnprocessableEntityError"],
    [429, "RateLimitError"],
    [500, "InternalServerError"],
    [503, "InternalServerError"],
  ])("for status %i of the runtime %s, with its code and Retry-After", async (status, name) => {
    gateway.upstreams.all.answer((res) => refuse(res, status));
    expect(await seen("error")).toEqual([name, status, "c", "3"]);
  });

  test("nothing when the second attempt, after the pause of Retry-After, is answered", async () => {
    let attempts = 0;
    gateway.upstreams.all.answer((res, request) => (++attempts === 1 ? refuse(res, 429) : speakOpenAi(res, request)));
    const [text, seconds] = (await seen("retried")) as [string, number];
    expect([text, attempts]).toEqual([said, 2]);
    expect(seconds).toBeGreaterThanOrEqual(3);
  });

  test("APIError in a stream that breaks off, after the pieces that came", async () => {
    gateway.upstreams.all.answer((res) => {
      openStream(res);
      res.write(chunk("half"), () => res.destroy());
    });
    const text = expect.stringContaining("stopped in the middle") as string;
    expect(await seen("broken_stream")).toEqual([["half"], "APIError", "runtime_broken", text]);
  });
});

test("when the Python client closes a stream the runtime is left at once, though the program lives on", async () => {
  const before = gateway.upstreams.all.requests.length;
  gateway.upstreams.all.answer(streamForEver);
  expect(await seen("cancel")).toBe("one ");
  const request = await until(() => gateway.upstreams.all.requests[before]);
  expect(await timed(request.left)).toBeLessThan(1_000);
});

function refuse(res: Parameters<typeof speakOpenAi>[0], status: number): void {
  res.writeHead(status, { "content-type": "application/json", "retry-after": "3" });
  res.end(JSON.stringify({ error: { message: "no", type: "t", param: null, code: "c" } }));
}
