import type { ServerResponse } from "node:http";
import { Redis } from "ioredis";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { readUsage } from "../../budget/usage.ts";
import { addUser, startApi, until, type TestApi } from "../../testing/api.ts";
import { startPostgres, type TestPostgres } from "../../testing/postgres.ts";
import { startRedis, type TestRedis } from "../../testing/redis.ts";
import { startUpstream, streamText, wholeAnswer, type ScriptedUpstream } from "../../testing/upstream.ts";
import { migrate } from "../../db/migrate.ts";
import { migrationsFolder } from "../../resources.ts";

let pg: TestPostgres;
let redis: TestRedis;
let store: Redis;
let upstream: ScriptedUpstream;
let databaseUrl: string;
/** The same installation with each setting; they share stores and secret. */
let apis: Record<"off" | "caller" | "tenant" | "small", TestApi>;
let keys: Record<"ann" | "bob" | "eve", string>;
let annId: string;
let answers = 0;

beforeAll(async () => {
  [pg, redis] = await Promise.all([startPostgres(), startRedis()]);
  store = new Redis(redis.url);
  // It is killed in the last test.
  store.on("error", () => {});
  upstream = await startUpstream();
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const env = { REDIS_URL: redis.url };
  const start = (more: Record<string, string>) => startApi({ databaseUrl, upstream: upstream.url, env: { ...env, ...more } });
  apis = {
    off: await start({}),
    caller: await start({ LLM_CACHE: "caller", LLM_CACHE_TTL_SECONDS: "77" }),
    tenant: await start({ LLM_CACHE: "tenant" }),
    small: await start({ LLM_CACHE: "caller", LLM_CACHE_MAX_BYTES: "1024" }),
  };
  const people = await Promise.all(
    (["ann", "bob", "eve"] as const).map(async (name) => [name, await addUser(apis.off.ctx, `${name}@test`)] as const),
  );
  keys = Object.fromEntries(people.map(([name, { apiKey }]) => [name, apiKey])) as typeof keys;
  annId = people[0]![1].user.id;
  await apis.off.ctx.db.query("UPDATE users SET tenant = 'elsewhere' WHERE email = 'eve@test'");
}, 60_000);

afterAll(async () => {
  for (const api of Object.values(apis ?? {})) await api.close();
  store?.disconnect();
  await upstream?.close();
  await redis?.stop();
  await pg?.stop();
});

beforeEach(async () => {
  await store.flushall();
  upstream.answer((res, { body }) =>
    body.includes('"stream":true') ? streamText(res, ["No. ", String(++answers)]) : wholeAnswer(res, `No. ${++answers}`),
  );
});

const plain = { model: "test-model", temperature: 0, messages: [{ role: "user", content: "a secret question" }] };

interface Asked {
  readonly api?: keyof typeof apis;
  readonly who?: keyof typeof keys;
  readonly path?: string;
  readonly headers?: Record<string, string>;
}

/** Asks and reads to the end: what `X-Cache` says, and the bytes. */
async function ask(body: object = plain, { api = "caller", who = "ann", path = "/chat/completions", headers = {} }: Asked = {}) {
  const response = await fetch(`${apis[api].url}/v1${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${keys[who]}`, ...headers },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { cache: response.headers.get("x-cache"), text, type: response.headers.get("content-type"), status: response.status };
}

/** Asks twice, the second time when the first answer is kept if it ever will be. */
async function twice(body: object, first: Asked = {}, second: Asked = first) {
  const before = upstream.requests.length;
  const one = await ask(body, first);
  if (one.cache === "miss") await settled();
  const two = await ask(body, second);
  return { one, two, asked: upstream.requests.length - before };
}

/** Keeping comes after the answer; nothing runs any more when the lifecycle is idle. */
const settled = (): Promise<boolean> => until(() => Object.values(apis).every(({ ctx }) => ctx.lifecycle.openWork === 0));

describe("an answer at temperature 0", () => {
  test("comes from the cache the second time, byte for byte; the ledger has a row at no cost [L-11] [M-07]", async () => {
    const { one, two, asked } = await twice(plain);
    expect([one.cache, two.cache, asked]).toEqual(["miss", "hit", 1]);
    expect(two).toMatchObject({ text: one.text, type: "application/json", status: 200 });
    const rows = await until(async () => {
      const sql =
        "SELECT outcome, prompt_tokens::int AS prompt, cost::int AS cost, feature FROM usage_events WHERE user_id = $1 AND outcome = 'cached'";
      const found = (await apis.off.ctx.db.query(sql, [annId])).rows as unknown[];
      return found.length > 0 && found;
    });
    expect(rows).toEqual([{ outcome: "cached", prompt: 7, cost: 0, feature: "chat" }]);
    const query = { from: new Date(0), to: new Date(Date.now() + 60_000), by: ["feature"], userId: annId } as const;
    expect(await readUsage(apis.off.ctx.db, query)).toMatchObject([
      { feature: "chat", calls: 2, cachedCalls: 1, costUsd: expect.stringMatching(/^0(\.0+)?$/) as string },
    ]);
  });

  test("is a stream again when it was one", async () => {
    const { one, two, asked } = await twice({ ...plain, stream: true });
    expect([one.cache, two.cache, asked, two.type]).toEqual(["miss", "hit", 1, "text/event-stream; charset=utf-8"]);
    expect([two.text, two.text.endsWith("data: [DONE]\n\n")]).toEqual([one.text, true]);
  });

  test("of completions, responses and embeddings is kept too", async () => {
    const json = (body: object) => (res: ServerResponse) =>
      void res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ ...body, n: ++answers }));
    upstream.answer(json({ choices: [{ index: 0, text: "x", finish_reason: "stop" }], output: [], data: [] }));
    for (const [path, body] of [
      ["/completions", { prompt: "x", temperature: 0 }],
      ["/responses", { input: "x", temperature: 0 }],
      ["/embeddings", { input: "x" }],
    ] as const) {
      const { one, two, asked } = await twice({ model: "test-model", ...body }, { path });
      expect([path, one.cache, two.cache, asked, two.text === one.text]).toEqual([path, "miss", "hit", 1, true]);
    }
  });

  test.each([
    ["another question", { messages: [{ role: "user", content: "?" }] }],
    ["another model", { model: "other" }],
    ["another limit", { max_tokens: 7 }],
    ["a stream", { stream: true }],
  ])("is not given to %s", async (_, change) => {
    await ask();
    await settled();
    expect((await ask({ ...plain, ...change })).cache).toBe("miss");
  });
});

describe("whose answers are shown to whom", () => {
  test("nobody gets one unless the operator turned the cache on", async () => {
    const { one, two, asked } = await twice(plain, { api: "off" });
    expect([one.cache, two.cache, asked]).toEqual([null, null, 2]);
  });

  test("with `caller` a person gets their own, at any replica, and nobody else's", async () => {
    expect((await twice(plain, { who: "ann" }, { who: "ann", api: "small" })).two.cache).toBe("hit");
    expect((await ask(plain, { who: "bob" })).cache).toBe("miss");
  });

  test("with `tenant` people of the tenant share, and those of another one never do", async () => {
    expect((await twice(plain, { api: "tenant", who: "ann" }, { api: "tenant", who: "bob" })).two.cache).toBe("hit");
    expect((await ask(plain, { api: "tenant", who: "eve" })).cache).toBe("miss");
  });
});

describe("what is never kept", () => {
  const tools = [{ type: "function", function: { name: "f", parameters: {} } }];
  test.each([
    ["an answer at another temperature", { temperature: 0.7 }],
    ["an answer at the runtime's own temperature", { temperature: undefined }],
    ["an answer that may make a tool act", { tools }],
  ])("%s", async (_, change) => {
    const { one, two, asked } = await twice({ ...plain, ...change });
    expect([one.cache, two.cache, asked, await store.keys("fidus:cache:*")]).toEqual([null, null, 2, []]);
  });

  test("…unless the caller says that the same will do; tools stay out even then", async () => {
    const headers = { "x-fidus-cache": "allow" };
    expect((await twice({ ...plain, temperature: 0.7 }, { headers })).two.cache).toBe("hit");
    expect((await twice({ ...plain, tools }, { headers })).two.cache).toBeNull();
  });

  test.each(["no-store", "no-cache"])("what the caller forbids with Cache-Control: %s", async (control) => {
    const before = await twice(plain);
    const again = await ask(plain, { headers: { "cache-control": control } });
    await settled();
    const after = await ask();
    const fresh = control === "no-cache";
    expect([again.text === before.one.text, after.text === (fresh ? again.text : before.one.text)]).toEqual([false, true]);
  });

  test("errors, broken streams and answers that were cut short", async () => {
    for (const answer of [
      (res: ServerResponse) => void res.writeHead(400, { "content-type": "application/json" }).end('{"error":{"message":"no"}}'),
      (res: ServerResponse) => void res.writeHead(200, { "content-type": "text/event-stream" }).end('data: {"choices":[]}\n\n'),
      (res: ServerResponse) =>
        void res.writeHead(200, { "content-type": "application/json" }).end('{"choices":[{"finish_reason":"length"}]}'),
    ]) {
      upstream.answer(answer);
      expect((await twice(plain)).asked).toBe(2);
    }
    expect(await store.keys("fidus:cache:*")).toEqual([]);
  });

  test("answers that are larger than the limit", async () => {
    upstream.answer((res) => wholeAnswer(res, "x".repeat(1_025)));
    expect((await twice(plain, { api: "small" })).asked).toBe(2);
    expect((await twice(plain, { api: "caller" })).asked).toBe(1);
  });
});

test("Redis holds an answer for its time, and nothing of question or answer in clear", async () => {
  await ask();
  await settled();
  const [name = ""] = await store.keys("fidus:cache:*");
  const content = await store.getBuffer(name);
  expect(await store.ttl(name)).toBeGreaterThan(70);
  expect(await store.ttl(name)).toBeLessThanOrEqual(77);
  for (const word of ["No. ", "secret question", "test-model", "chatcmpl"]) expect(content?.includes(word)).toBe(false);
});

test("hits and misses are counted [M-07]", async () => {
  await apis.caller.ctx.metrics.registry.resetMetrics();
  await twice(plain);
  const metrics = await apis.caller.ctx.metrics.registry.metrics();
  for (const line of [
    'fidus_llm_cache_requests_total{endpoint="chat",result="miss"} 1',
    'fidus_llm_cache_requests_total{endpoint="chat",result="hit"} 1',
    'fidus_llm_cache_saved_tokens_total{direction="prompt"} 7',
  ])
    expect(metrics).toContain(line);
});

test("a cache without Redis is refused at the start, with the setting that is missing", async () => {
  await expect(startApi({ databaseUrl, upstream: upstream.url, env: { LLM_CACHE: "caller" } })).rejects.toThrow("REDIS_URL");
});

test("without Redis every request is a miss and is answered", async () => {
  await ask();
  await settled();
  await redis.stop();
  const { one, two, asked } = await twice(plain);
  expect([one.status, one.cache, two.status, two.cache, asked]).toEqual([200, "miss", 200, "miss", 2]);
});
