import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createApiKey } from "../auth/api-keys.ts";
import { createUser } from "../auth/users.ts";
import { migrate } from "../db/migrate.ts";
import { createPool, type Db } from "../db/pool.ts";
import { createLogger } from "../log.ts";
import { migrationsFolder } from "../resources.ts";
import { until } from "../testing/api.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startApp, type AppProcess } from "../testing/process.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";
import { apiEnv } from "../testing/settings.ts";
import { openStream, chunk, startUpstream, streamForEver, wholeAnswer, type ScriptedUpstream } from "../testing/upstream.ts";

let pg: TestPostgres;
let redis: TestRedis;
let upstream: ScriptedUpstream;
let databaseUrl: string;
let db: Db;
let key: string;
let userId: string;
const apps: AppProcess[] = [];

/** 1,000 USD per million tokens: a tenth of a cent each, so that small answers reach the cap. */
const prices = "test-model=1000/1000";

beforeAll(async () => {
  [pg, redis, upstream] = await Promise.all([startPostgres(), startRedis(), startUpstream()]);
}, 60_000);

beforeEach(async () => {
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  await db?.end();
  db = createPool(databaseUrl, createLogger("silent", "test", "test"), 4);
  userId = (await createUser(db, { email: "a@test", name: "a", role: "user", passwordHash: "!" })).id;
  key = (await createApiKey(db, { userId, name: "t", ttlSeconds: null })).apiKey;
  upstream.answer((res) => wholeAnswer(res, "Hi"));
});

afterAll(async () => {
  for (const { child } of apps) child.kill("SIGKILL");
  await Promise.all(apps.map(({ finished }) => finished));
  await db?.end();
  await upstream?.close();
  await redis?.stop();
  await pg?.stop();
});

async function start(env: Record<string, string> = {}): Promise<{ url: string; app: AppProcess }> {
  const app = startApp(["api"], {
    ...apiEnv(databaseUrl, upstream.url),
    REDIS_URL: redis.url,
    LLM_PRICES: prices,
    LLM_BUDGET_USD: "1",
    LLM_BUDGET_ALERT_USD: "0.5",
    LOG_LEVEL: "info",
    ...env,
  });
  apps.push(app);
  const url = `http://127.0.0.1:${await app.port()}`;
  await until(async () => (await fetch(`${url}/health/ready`)).status === 200, 10_000);
  await until(async () => {
    const { services } = (await (await fetch(`${url}/health/ready`)).json()) as { services: { redis: string } };
    return services.redis === "up";
  }, 15_000);
  return { url, app };
}

function ask(url: string, body: Record<string, unknown> = {}, signal: AbortSignal | null = null): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify({ messages: [{ role: "user", content: "Hi" }], max_tokens: 10, ...body }),
    signal,
  });
}

interface Balance {
  readonly kind: string;
  readonly spent: number;
  readonly reserved: number;
}
const balances = () =>
  query<Balance>(
    databaseUrl,
    "SELECT kind, spent::float8 AS spent, reserved::float8 AS reserved FROM budget_balances ORDER BY kind",
  );
const events = () =>
  query<{ prompt: number; completion: number; cost: number; estimated: boolean; outcome: string }>(
    databaseUrl,
    `SELECT prompt_tokens::int AS prompt, completion_tokens::int AS completion, cost::float8 AS cost, estimated, outcome
     FROM usage_events ORDER BY at`,
  );
const settled = () => until(async () => (await query(databaseUrl, "SELECT 1 FROM budget_reservations")).length === 0, 5_000);
const perToken = 1_000_000;

test("200 requests at once on the last cent, through two processes: spent never exceeds the budget, and the ledger is the balance [M-06]", async () => {
  const [one, two] = await Promise.all([start(), start()]);
  const all = await Promise.all(Array.from({ length: 200 }, (_, index) => ask(index % 2 === 0 ? one.url : two.url)));
  const statuses = all.map(({ status }) => status);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
  await settled();
  // What was only reserved is free again: go on until nothing fits any more.
  for (let last = 200; last === 200; await settled()) last = (await ask(one.url)).status;
  const ledger = (await events()).reduce((sum, { cost }) => sum + cost, 0);
  const cap = 1_000_000_000;
  for (const { spent, reserved } of await balances()) {
    expect(spent).toBe(ledger);
    expect(spent).toBeLessThanOrEqual(cap);
    expect(reserved).toBe(0);
  }
  // The next prompt and one token of answer would not have fitted.
  expect(ledger).toBeGreaterThan(cap - 200 * perToken);
  expect(upstream.requests.length).toBe((await events()).length);
  const refused = await ask(two.url);
  expect([refused.status, await refused.json()]).toMatchObject([
    429,
    { error: { type: "insufficient_quota", code: "insufficient_quota", message: "The budget of this tenant is used up." } },
  ]);
  one.app.child.kill("SIGTERM");
  two.app.child.kill("SIGTERM");
  const logs = (await Promise.all([one.app.finished, two.app.finished])).map(({ stdout }) => stdout).join("");
  expect(logs.match(/"kind":"tenant".*a budget reached its alert/g)).toHaveLength(1);
}, 60_000);

describe("one process", () => {
  test("cuts the longest answer to what is left, asks for no more, and settles what was used", async () => {
    const { url } = await start({ LLM_BUDGET_USD: "0.2" });
    const before = upstream.requests.length;
    expect((await ask(url, { max_tokens: 100_000 })).status).toBe(200);
    const sent = JSON.parse(upstream.requests[before]?.body ?? "{}") as { max_tokens: number };
    expect(sent.max_tokens).toBeGreaterThan(0);
    expect(sent.max_tokens).toBeLessThan(200);
    await settled();
    expect(await events()).toEqual([{ prompt: 7, completion: 3, cost: 10 * perToken, estimated: false, outcome: "complete" }]);
    expect(await balances()).toEqual(["feature", "tenant", "user"].map((kind) => ({ kind, spent: 10 * perToken, reserved: 0 })));
  });

  test("keeps the budgets of a person and of a feature apart from the tenant's [L-09]", async () => {
    const { url } = await start();
    await query(databaseUrl, "INSERT INTO budgets (kind, subject, cap) VALUES ('user', $1, 0)", [userId]);
    expect(await (await ask(url)).json()).toMatchObject({ error: { message: "The budget of this user is used up." } });
    await query(databaseUrl, "UPDATE budgets SET kind = 'feature', subject = 'chat'");
    expect(await (await ask(url)).json()).toMatchObject({ error: { message: "The budget of this feature is used up." } });
    await query(databaseUrl, "UPDATE budgets SET subject = 'page'");
    expect((await ask(url)).status).toBe(200);
    await query(databaseUrl, "UPDATE budgets SET kind = 'tenant', subject = '*'");
    expect((await ask(url)).status).toBe(429);
  });

  test("charges an answer the caller left at the estimate, and says so; a refusal by the runtime costs nothing", async () => {
    const { url } = await start();
    upstream.answer(streamForEver);
    const leaving = new AbortController();
    const response = await ask(url, { stream: true }, leaving.signal);
    await response.body?.getReader().read();
    leaving.abort();
    await until(async () => (await events()).length === 1);
    expect(await events()).toMatchObject([{ estimated: true, outcome: "client_gone" }]);
    expect((await events())[0]?.completion).toBeGreaterThan(0);
    upstream.answer((res) => void res.writeHead(400, { "content-type": "application/json" }).end('{"error":{"message":"no"}}'));
    expect((await ask(url)).status).toBe(400);
    await until(async () => (await events()).length === 2);
    expect((await events())[1]).toEqual({ prompt: 0, completion: 0, cost: 0, estimated: false, outcome: "refused" });
    await settled();
  });

  test("writes down what models without a price used, and reserves nothing for them", async () => {
    const { url } = await start({ LLM_PRICES: "other=1/1", LLM_BUDGET_USD: "0" });
    expect((await ask(url)).status).toBe(200);
    await until(async () => (await events()).length === 1);
    expect(await events()).toEqual([{ prompt: 7, completion: 3, cost: 0, estimated: false, outcome: "complete" }]);
    expect(await balances()).toEqual([]);
  });
});

test("what a killed process had reserved is settled at the estimate within 60 s, by another, and marked", async () => {
  const [victim, other] = await Promise.all([start(), start()]);
  upstream.answer((res) => {
    openStream(res);
    res.write(chunk("half"));
  });
  const response = await ask(victim.url, { stream: true });
  await response.body?.getReader().read();
  expect((await balances())[0]?.reserved).toBeGreaterThan(0);
  victim.app.child.kill("SIGKILL");
  const killed = Date.now();
  await until(async () => (await events()).length === 1, 60_000);
  expect(Date.now() - killed).toBeLessThan(60_000);
  const [event] = await events();
  expect(event).toMatchObject({ completion: 10, estimated: true, outcome: "leaked" });
  for (const { spent, reserved } of await balances()) expect([spent, reserved]).toEqual([event?.cost, 0]);
  expect((await fetch(`${other.url}/health`)).status).toBe(200);
}, 90_000);

test("without Redis what costs money is closed, and what costs nothing goes on", async () => {
  const [paid, free] = await Promise.all([start(), start({ LLM_PRICES: "other=1/1" })]);
  await redis.stop();
  const refused = await until(async () => {
    const response = await ask(paid.url);
    return response.status === 200 ? null : response;
  });
  expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "5"]);
  expect(await refused.json()).toMatchObject({ error: { code: "budget_closed" } });
  expect((await ask(free.url)).status).toBe(200);
});
