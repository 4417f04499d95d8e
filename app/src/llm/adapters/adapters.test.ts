import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { llmRuntimes, type LlmRuntime } from "../../settings.ts";
import { Upstream } from "../upstream.ts";
import { away, type RuntimeState } from "./adapter.ts";
import { adapters } from "./index.ts";

/** A runtime that answers these paths with JSON, everything else with 404, and keeps what it was asked. */
async function before<T>(answers: Readonly<Record<string, unknown>>, act: (upstream: Upstream) => Promise<T>) {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(`${req.method} ${req.url}`);
    const answer = answers[req.url ?? ""];
    res.writeHead(answer === undefined ? 404 : 200).end(JSON.stringify(answer ?? {}));
    req.resume();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const upstream = new Upstream({ baseUrl: `http://127.0.0.1:${port}/v1`, apiKey: null, connections: 4 });
  try {
    return { result: await act(upstream), asked };
  } finally {
    await upstream.close();
    server.close();
  }
}

const look = (kind: LlmRuntime) => (upstream: Upstream) =>
  adapters[kind].look(upstream, AbortSignal.timeout(5_000)).catch((): RuntimeState => away);
const models = { data: [{ id: "m", object: "model", max_model_len: 8192 }] };

describe("a look at a runtime", () => {
  test.each(llmRuntimes.filter((kind) => kind !== "embedded"))(
    "%s is there with its models, and is asked nothing that costs [L-01]",
    async (kind) => {
      const { result, asked } = await before({ "/v1/models": models, "/api/ps": { models: [{ name: "m" }] } }, look(kind));
      const ollama = kind.startsWith("ollama");
      expect(result).toEqual({ reachable: true, loaded: ollama ? true : null, tokensPerSecond: null, models: models.data });
      expect(asked).toEqual(ollama ? ["GET /v1/models", "GET /api/ps"] : ["GET /v1/models"]);
    },
  );

  test("the embedded one tells its own state", async () => {
    const status = { model: "m", usable: true, loaded: false, tokensPerSecond: 12.5, queued: 0 };
    const { result } = await before({ "/status": status }, look("embedded"));
    expect(result).toMatchObject({ reachable: true, loaded: false, tokensPerSecond: 12.5, models: [{ id: "m" }] });
    expect((await before({ "/status": { ...status, usable: false } }, look("embedded"))).result.reachable).toBe(false);
  });

  test.each(llmRuntimes)("%s that answers something else is away", async (kind) => {
    expect((await before({ "/v1/models": { nothing: 1 }, "/status": {} }, look(kind))).result).toEqual(away);
    expect((await before({}, look(kind))).result).toEqual(away);
  });
});

describe("warming up", () => {
  test.each([
    ["ollama", "POST /api/generate"],
    ["lmstudio", "POST /v1/chat/completions"],
    ["embedded", "POST /v1/chat/completions"],
  ] as const)("%s loads its model by %s", async (kind, request) => {
    const { asked } = await before({}, async (upstream) => adapters[kind].warmUp?.(upstream, "m", AbortSignal.timeout(5_000)));
    expect(asked).toEqual([request]);
  });

  test.each(["vllm", "openai", "anthropic", "gemini", "litellm", "compatible"] as const)("%s has nothing to load", (kind) => {
    expect(adapters[kind].warmUp).toBeUndefined();
  });
});

describe("refusals in a dialect", () => {
  test.each([
    [
      "vllm",
      { status: 404, body: '{"object":"error","message":"no such model","type":"NotFoundError","param":null,"code":404}' },
      { status: 404, body: '{"error":{"type":"NotFoundError","param":null,"code":404,"message":"no such model"}}' },
    ],
    [
      "gemini",
      { status: 400, body: '[{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]' },
      { status: 400, body: '{"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}' },
    ],
    ["anthropic", { status: 529, body: '{"error":{"message":"busy"}}' }, { status: 503, body: '{"error":{"message":"busy"}}' }],
  ] as const)("of %s are put into OpenAI's words, others are left [L-21]", (kind, given, expected) => {
    expect(adapters[kind].refusal?.(given)).toEqual(expected);
    const plain = { status: 400, body: '{"error":{"message":"x","type":"y"}}' };
    expect(adapters[kind].refusal?.(plain)).toEqual(plain);
  });
});

test("what leaves the house is known, and what nobody knows counts as leaving", () => {
  const cloud = llmRuntimes.filter((kind) => adapters[kind].cloud);
  expect(cloud).toEqual(["openai", "anthropic", "gemini", "compatible"]);
});
