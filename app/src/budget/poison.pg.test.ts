import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, startApi, until, type TestApi } from "../testing/api.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startUpstream, type ScriptedUpstream } from "../testing/upstream.ts";
import { createReserve } from "./ledger.ts";
import { SettleQueue } from "./settle-queue.ts";

/** Values that PostgreSQL cannot keep: one caller's or one runtime's must cost nobody else an answer or a line of the ledger. */
let pg: TestPostgres;
let upstream: ScriptedUpstream;
let api: TestApi;
let databaseUrl: string;
let userId: string;
let headers: Record<string, string>;

beforeAll(async () => {
  [pg, upstream] = await Promise.all([startPostgres(), startUpstream()]);
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  api = await startApi({ databaseUrl, upstream: upstream.url, env: { LLM_PRICES: "*=1/2" } });
  const { apiKey, user } = await addUser(api.ctx, "ann@test");
  userId = user.id;
  headers = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
}, 60_000);

afterAll(async () => {
  await api?.close();
  await upstream?.close();
  await pg?.stop();
});

function ask(body: string): Promise<Response> {
  return fetch(`${api.url}/v1/chat/completions`, { method: "POST", headers, body });
}

const messages = `"messages":[{"role":"user","content":"hi"}]`;

test.each([
  ["NUL in the model's name", `{"model":"a\\u0000b",${messages}}`, "model"],
  ["half a character in the model's name", `{"model":"a\\ud800b",${messages}}`, "model"],
  ["more answers than anybody reads", `{"model":"test-model","n":9007199254740991,${messages}}`, "n"],
  ["more tokens than any model gives", `{"model":"test-model","max_tokens":9007199254740991,${messages}}`, "max_tokens"],
])("%s is 400, and no runtime is asked", async (_what, body, param) => {
  const before = upstream.requests.length;
  const response = await ask(body);
  expect([response.status, await response.json()]).toMatchObject([400, { error: { param } }]);
  expect(upstream.requests).toHaveLength(before);
});

test("a runtime that counts nonsense is not believed: the usage is estimated, and the ledger goes on", async () => {
  const answer = (promptTokens: number): string =>
    JSON.stringify({
      id: "chatcmpl-1",
      object: "chat.completion",
      created: 1,
      model: "test-model",
      choices: [{ index: 0, message: { role: "assistant", content: "Hi" }, finish_reason: "stop", logprobs: null }],
      usage: { prompt_tokens: promptTokens, completion_tokens: 1, total_tokens: 1 },
    });
  for (const promptTokens of [9_007_199_254_740_991, 7]) {
    upstream.answer((res) => void res.writeHead(200, { "content-type": "application/json" }).end(answer(promptTokens)));
    expect((await ask(`{"model":"test-model",${messages}}`)).status).toBe(200);
  }
  const rows = await until(async () => {
    const found = await query<{ prompt: string; estimated: boolean }>(
      databaseUrl,
      "SELECT prompt_tokens AS prompt, estimated FROM usage_events ORDER BY at",
    );
    return found.length === 2 ? found : null;
  });
  expect(rows.map(({ estimated }) => estimated).sort()).toEqual([false, true]);
  expect(rows.every(({ prompt }) => Number(prompt) < 1_000)).toBe(true);
});

test("of calls that are asked for together only the one that cannot be kept fails", async () => {
  const reserve = createReserve(api.ctx.db, randomUUID(), null);
  const call = {
    userId,
    keyId: null,
    tenant: "default",
    feature: "test",
    model: "m",
    inputPrice: 1,
    outputPrice: 1,
    promptLimit: 10,
    promptEstimate: 5,
    completionLimit: 10,
    choices: 1,
  };
  const all = await Promise.allSettled([reserve(call), reserve({ ...call, model: "a\0b" }), reserve(call)]);
  expect(all.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("of entries that are written together only the one that cannot be kept is given up", async () => {
  const queue = new SettleQueue({ db: api.ctx.db, log: api.ctx.log, tenantAlert: null, announce: () => {} });
  const ids = [randomUUID(), randomUUID(), randomUUID()];
  for (const [index, id] of ids.entries()) {
    queue.free({
      id,
      userId,
      keyId: null,
      tenant: "default",
      feature: "test",
      model: index === 1 ? "a\0b" : "m",
      inputPrice: 0,
      outputPrice: 0,
      usage: { prompt: 1, completion: 1, estimated: false },
      outcome: "complete",
    });
  }
  await queue.close();
  const rows = await query<{ id: string }>(databaseUrl, "SELECT id FROM usage_events WHERE id = ANY($1)", [ids]);
  expect(rows.map(({ id }) => id).sort()).toEqual([ids[0], ids[2]].sort());
});

test("an application before a database without tables is not ready", async () => {
  const empty = await startApi({ databaseUrl: await pg.createDatabase(), upstream: upstream.url });
  try {
    const ready = await fetch(`${empty.url}/health/ready`);
    expect([ready.status, await ready.json()]).toMatchObject([503, { services: { postgres: "down" } }]);
  } finally {
    await empty.close();
  }
});
