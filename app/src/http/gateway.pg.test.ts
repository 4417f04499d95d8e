import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createApiKey, revokeApiKey } from "../auth/api-keys.ts";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, startApi, timed, until, type TestApi } from "../testing/api.ts";
import { collect } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { chunk, done, openStream, startUpstream, streamText, wholeAnswer, type ScriptedUpstream } from "../testing/upstream.ts";

let pg: TestPostgres;
let upstream: ScriptedUpstream;
let api: TestApi;
let databaseUrl: string;
let key: string;
let userId: string;
let client: OpenAI;

beforeAll(async () => {
  pg = await startPostgres();
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  upstream = await startUpstream();
  api = await startApi({ databaseUrl, upstream: upstream.url, heartbeatMs: 100, env: { OPENAI_API_KEY: "sk-upstream" } });
  const { apiKey, user } = await addUser(api.ctx, "gateway@test");
  key = apiKey;
  userId = user.id;
  client = new OpenAI({ apiKey: key, baseURL: `${api.url}/v1`, maxRetries: 0 });
}, 60_000);

afterAll(async () => {
  await api?.close();
  await upstream?.close();
  await pg?.stop();
});

const question = { model: "test-model", messages: [{ role: "user" as const, content: "Hi" }] };

function post(body: unknown, headers: Record<string, string> = { authorization: `Bearer ${key}` }, signal?: AbortSignal) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return fetch(`${api.url}/v1/chat/completions`, { method: "POST", headers, body: text, signal: signal ?? null });
}

describe("keys", () => {
  const refused = {
    error: {
      message: "Missing or wrong API key. Send it as: Authorization: Bearer fidus_…",
      type: "invalid_request_error",
      param: null,
      code: "invalid_api_key",
    },
  };

  test.each([
    ["no key", {}],
    ["a word", { authorization: "Bearer nonsense" }],
    ["a well-formed key nobody has", { authorization: `Bearer fidus_0123456789ab_${"A".repeat(43)}` }],
    ["basic credentials", { authorization: "Basic YTpi" }],
  ])("%s is 401 in OpenAI's shape, and nothing reaches the runtime", async (_name, headers) => {
    const before = upstream.requests.length;
    const response = await post(question, headers as Record<string, string>);
    expect([response.status, await response.json()]).toEqual([401, refused]);
    expect(response.headers.get("www-authenticate")).toBe('Bearer realm="fidus"');
    expect(upstream.requests).toHaveLength(before);
  });

  test("the right prefix with another secret is 401", async () => {
    const wrong = key.replace(/.$/, key.endsWith("A") ? "B" : "A");
    expect((await post(question, { authorization: `Bearer ${wrong}` })).status).toBe(401);
  });

  test("a key works until it is revoked, and not a request longer", async () => {
    const { id, apiKey } = await createApiKey(api.ctx.db, { userId, name: "t", ttlSeconds: 3600 });
    const headers = { authorization: `Bearer ${apiKey}` };
    expect((await fetch(`${api.url}/v1/models`, { headers })).status).toBe(200);
    expect(await revokeApiKey(api.ctx.db, id)).toBe(true);
    expect((await fetch(`${api.url}/v1/models`, { headers })).status).toBe(401);
  });

  test("a key works until it expires", async () => {
    const { id, apiKey } = await createApiKey(api.ctx.db, { userId, name: "t", ttlSeconds: 3600 });
    await query(databaseUrl, "UPDATE api_keys SET expires_at = now() - interval '1 second' WHERE id = $1", [id]);
    expect((await fetch(`${api.url}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })).status).toBe(401);
  });

  test("the key of a disabled account is 401", async () => {
    const { apiKey, user } = await addUser(api.ctx, "disabled@test");
    await query(databaseUrl, "UPDATE users SET disabled_at = now() WHERE id = $1", [user.id]);
    expect((await fetch(`${api.url}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } })).status).toBe(401);
  });

  test("the database holds no secret", async () => {
    const rows = await query<{ row: string }>(
      databaseUrl,
      "SELECT api_keys::text || encode(secret_hash, 'escape') AS row FROM api_keys",
    );
    const secret = key.slice("fidus_0123456789ab_".length);
    expect(rows.some(({ row }) => row.includes(secret))).toBe(false);
  });
});

describe("the official client", () => {
  test("lists models", async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["test-model"]);
  });

  test("gets a whole answer with its usage and the runtime's extra fields", async () => {
    upstream.answer((res) => wholeAnswer(res, "Hello"));
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message.content).toBe("Hello");
    expect(answer.usage?.total_tokens).toBe(10);
    expect(answer).toHaveProperty("timings", { kept: true });
  });

  test("gets a stream piece by piece, in order, with usage", async () => {
    upstream.answer((res) => streamText(res, ["a", "b", "c"]));
    const stream = await client.chat.completions.create({ ...question, stream: true, stream_options: { include_usage: true } });
    const texts: (string | null | undefined)[] = [];
    let total = 0;
    for await (const part of stream) {
      texts.push(part.choices[0]?.delta.content);
      total = part.usage?.total_tokens ?? total;
    }
    expect([texts.filter(Boolean), total]).toEqual([["a", "b", "c"], 10]);
  });

  test.each([
    [400, OpenAI.BadRequestError],
    [404, OpenAI.NotFoundError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])("raises the class of status %i, with message, code and Retry-After", async (status, kind) => {
    upstream.answer((res) => {
      res.writeHead(status, { "content-type": "application/json", "retry-after": "7" });
      res.end(JSON.stringify({ error: { message: "no", type: "t", param: null, code: "c" } }));
    });
    const error = await client.chat.completions.create(question).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ status, code: "c", type: "t" });
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after")).toBe("7");
  });

  test("raises an error inside a started stream", async () => {
    upstream.answer((res) => {
      openStream(res);
      res.write(chunk("a"));
      res.end(`data: ${JSON.stringify({ error: { message: "out of memory", type: "api_error", param: null, code: null } })}\n\n`);
    });
    const stream = await client.chat.completions.create({ ...question, stream: true });
    await expect(collect(stream)).rejects.toThrow("out of memory");
  });

  test("raises an error when the runtime dies in the middle, and gets no made-up end", async () => {
    upstream.answer((res) => {
      openStream(res);
      res.write(chunk("a"), () => res.destroy());
    });
    const stream = await client.chat.completions.create({ ...question, stream: true });
    await expect(collect(stream)).rejects.toThrow("stopped in the middle");
  });

  test("raises an error when the stream ends without a finish reason", async () => {
    upstream.answer((res) => {
      openStream(res);
      res.end(chunk("a"));
    });
    const response = await post({ ...question, stream: true });
    const text = await response.text();
    expect(text).toContain('"code":"runtime_broken"');
    expect(text).not.toContain("[DONE]");
  });
});

describe("what passes through", () => {
  test("the body goes byte for byte, the caller's key does not", async () => {
    upstream.answer((res) => wholeAnswer(res, "x"));
    const body = '{ "model":"test-model",\n "messages":[{"role":"user","content":"é"}], "tools":[], "x_unknown": 1.50 }';
    await post(body);
    const seen = upstream.requests.at(-1);
    expect(seen?.body).toBe(body);
    expect(seen?.headers.authorization).toBe("Bearer sk-upstream");
    expect(JSON.stringify(seen?.headers)).not.toContain(key);
  });

  test("a missing model is filled in with ours", async () => {
    upstream.answer((res) => wholeAnswer(res, "x"));
    await post({ messages: question.messages, seed: 1 });
    expect(JSON.parse(upstream.requests.at(-1)?.body ?? "")).toEqual({
      messages: question.messages,
      seed: 1,
      model: "test-model",
    });
  });

  test("stream bytes arrive as sent, wherever the runtime cuts them", async () => {
    const bytes = Buffer.from(chunk("Grüße 🦉") + chunk(null, "stop") + done);
    upstream.answer(async (res) => {
      openStream(res);
      for (const byte of bytes) {
        res.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      res.end();
    });
    const received = Buffer.from(await (await post({ ...question, stream: true })).arrayBuffer());
    expect(received.toString()).toBe(bytes.toString());
  });

  test("streams are neither compressed nor buffered, pieces arrive as they are made", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    upstream.answer(async (res) => {
      openStream(res);
      res.write(chunk("first"));
      await held;
      res.end(chunk(null, "stop") + done);
    });
    const response = await post({ ...question, stream: true }, { authorization: `Bearer ${key}`, "accept-encoding": "gzip, br" });
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toContain("first");
    release();
    await reader?.cancel();
  });

  test("heartbeats keep a silent stream alive, before its first byte and between events, never inside one", async () => {
    const [head = "", tail = ""] = [chunk("whole").slice(0, 20), chunk("whole").slice(20)];
    upstream.answer(async (res) => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      openStream(res);
      res.write(head);
      await new Promise((resolve) => setTimeout(resolve, 250));
      res.write(tail);
      await new Promise((resolve) => setTimeout(resolve, 250));
      res.end(chunk(null, "stop") + done);
    });
    const text = await (await post({ ...question, stream: true })).text();
    const [before = "", after = ""] = text.split(chunk("whole"));
    expect(before).toMatch(/^(: keep-alive\n\n)+$/);
    expect(after).toMatch(/^(: keep-alive\n\n)+data: /);
  });

  test("an error after an early heartbeat travels as an event", async () => {
    upstream.answer(async (res) => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      res.writeHead(500, { "content-type": "application/json" }).end('{"error":{"message":"no\\nmemory","type":"t"}}');
    });
    const response = await post({ ...question, stream: true });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('data: {"error":{"message":"no\\nmemory","type":"t"}}\n\n');
    expect(text).not.toContain("[DONE]");
  });

  test("the runtime's 401 is not taken for the caller's", async () => {
    upstream.answer((res) => void res.writeHead(401).end('{"error":{"message":"bad key sk-upstream"}}'));
    const response = await post(question);
    const text = await response.text();
    expect([response.status, text.includes("sk-upstream")]).toEqual([502, false]);
  });
});

describe("a caller who leaves", () => {
  test.each([
    ["before the runtime answers", () => {}],
    [
      "in the middle of a stream",
      (res: Parameters<typeof openStream>[0]) => {
        openStream(res);
        res.write(chunk("a"));
      },
    ],
  ])("%s frees it within a second", async (_name, script) => {
    const before = upstream.requests.length;
    upstream.answer(script);
    const controller = new AbortController();
    const response = post({ ...question, stream: true }, undefined, controller.signal).catch(() => null);
    const seen = await until(() => upstream.requests[before]);
    if (script.length > 0) await (await response)?.body?.getReader().read();
    controller.abort();
    expect(await timed(seen.left)).toBeLessThan(1_000);
    await until(() => api.ctx.lifecycle.openWork === 0);
  });
});

describe("bad requests", () => {
  test.each([
    ["no body", "", 400],
    ["no JSON", "{", 400],
    ["no messages", { model: "m" }, 400],
    ["empty messages", { messages: [] }, 400],
    ["messages of the wrong kind", { messages: "hi" }, 400],
    ["9 MB", { messages: [{ role: "user", content: "x".repeat(9_000_000) }] }, 413],
  ])("%s is refused in OpenAI's shape, and nothing reaches the runtime", async (_name, body, status) => {
    const before = upstream.requests.length;
    const response = await post(body);
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ error: { type: "invalid_request_error", param: null } });
    expect(upstream.requests).toHaveLength(before);
  });

  test("an unknown path is 404 in OpenAI's shape", async () => {
    const response = await fetch(`${api.url}/v1/nothing`, { headers: { authorization: `Bearer ${key}` } });
    expect([response.status, await response.json()]).toMatchObject([404, { error: { code: "unknown_url" } }]);
  });
});

describe("health", () => {
  test.each(["/health", "/healthz"])("%s tells status, version, environment and time", async (path) => {
    const body = (await (await fetch(api.url + path)).json()) as { time: string };
    expect(body).toMatchObject({ status: "ok", version: "0.0.0-development", environment: "production" });
    expect(new Date(body.time).toISOString()).toBe(body.time);
  });

  test("readiness is 200 with database and runtime, 503 without the runtime", async () => {
    const ready = await fetch(`${api.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([
      200,
      { status: "ready", services: { postgres: "up", redis: "off", llm: "up" } },
    ]);
    const cut = await startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1" });
    try {
      const response = await fetch(`${cut.url}/health/ready`);
      expect([response.status, await response.json()]).toMatchObject([
        503,
        { status: "not ready", services: { postgres: "up", llm: "down" } },
      ]);
      const answer = await fetch(`${cut.url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}` },
        body: JSON.stringify(question),
      });
      expect([answer.status, await answer.json()]).toMatchObject([
        502,
        { error: { code: "runtime_unreachable", type: "api_error" } },
      ]);
    } finally {
      await cut.close();
    }
  });

  test("details need a sign-in or a key", async () => {
    expect((await fetch(`${api.url}/health/detailed`)).status).toBe(401);
    const response = await fetch(`${api.url}/health/detailed`, { headers: { authorization: `Bearer ${key}` } });
    expect(await response.json()).toMatchObject({ status: "ok", services: { postgres: "up" }, openAnswers: 0 });
  });

  test("the status of the language model is public and names no address", async () => {
    const response = await fetch(`${api.url}/api/v1/llm/status`);
    expect(await response.json()).toEqual({
      runtime: "vllm",
      model: "test-model",
      demo: false,
      nextStep: null,
      reachable: true,
      loaded: true,
      tokensPerSecond: null,
    });
  });

  test("metrics are not on the public port", async () => {
    expect((await fetch(`${api.url}/metrics`)).status).toBe(404);
    expect(await api.ctx.metrics.registry.metrics()).toContain('fidus_llm_answers_total{kind="openai",outcome="complete"}');
  });
});
