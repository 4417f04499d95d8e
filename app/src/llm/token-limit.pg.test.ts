import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import OpenAI from "openai";
import { createApiKey } from "../auth/api-keys.ts";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, pageHeaders, signIn, startApi, until, type TestApi } from "../testing/api.ts";
import { startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";
import { startUpstream, wholeAnswer, type ScriptedUpstream } from "../testing/upstream.ts";

/** Requests and tokens per minute as the requirement names them. */
const production = { RATE_LIMIT_PER_CALLER: "60", TOKEN_LIMIT_PER_CALLER: "100000" };
let pg: TestPostgres;
let redis: TestRedis;
let upstream: ScriptedUpstream;
let replicas: TestApi[];
let userId: string;

beforeAll(async () => {
  [pg, redis, upstream] = await Promise.all([startPostgres(), startRedis(), startUpstream()]);
  const databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const env = { ...production, REDIS_URL: redis.url, API_REPLICAS: "2", RATE_LIMIT_PER_ADDRESS: "none" };
  replicas = await Promise.all([1, 2].map(() => startApi({ databaseUrl, upstream: upstream.url, env })));
  userId = (await addUser(api(0).ctx, "ann@test")).user.id;
  await until(() => replicas.every(({ ctx }) => ctx.redis?.ready()));
}, 60_000);
beforeEach(() => {
  upstream.answer((res) => wholeAnswer(res, "Hello"));
});
afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  await Promise.all([redis?.stop(), pg?.stop(), upstream?.close()]);
});

function api(index: number): TestApi {
  const replica = replicas[index];
  if (replica === undefined) throw new Error("no replica");
  return replica;
}

const newKey = async (tokensPerMinute: number | null = null) =>
  (await createApiKey(api(0).ctx.db, { userId, name: "t", ttlSeconds: null, tokensPerMinute })).apiKey;

const ask = (replica: number, key: string, more: object = {}) =>
  fetch(`${api(replica).url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "test-model", messages: [{ role: "user", content: "Hi" }], ...more }),
  });
const remaining = (response: Response) => Number(response.headers.get("x-ratelimit-remaining-tokens"));
/** A prompt of about so many tokens, as the gateway estimates it. */
const prompt = (tokens: number) => ({ messages: [{ role: "user", content: "x".repeat(tokens * 3) }], max_tokens: 1 });

test("an estimate is counted at the start, what was used at the end: headers tell what is left of 100,000 [L-10]", async () => {
  const key = await newKey();
  const first = await ask(0, key, { max_tokens: 1_000 });
  expect(first.status).toBe(200);
  expect(first.headers.get("x-ratelimit-limit-tokens")).toBe("100000");
  expect(first.headers.get("x-ratelimit-reset-tokens")).toMatch(/^([1-9]|[1-5]\d|60)s$/);
  expect(remaining(first)).toBeGreaterThan(98_900);
  expect(remaining(first)).toBeLessThan(99_000);
  // The first one took 10 in the end: 7 of the question, 3 of the answer. It is put right beside the answer.
  const second = await until(async () => {
    const next = await ask(0, key, { max_tokens: 1 });
    return remaining(next) > 99_900 ? next : null;
  });
  expect(second.status).toBe(200);
});

test("the 61st request and the 100,001st token of a minute are 429, over all replicas, in OpenAI's shape [L-10]", async () => {
  const key = await newKey();
  // The runtime counts as many as the gateway guessed.
  upstream.answer((res) => {
    const usage = { prompt_tokens: 59_990, completion_tokens: 10, total_tokens: 60_000 };
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ choices: [], usage }));
  });
  expect((await ask(0, key, prompt(60_000))).status).toBe(200);
  const refused = await until(async () => {
    const next = await ask(1, key, prompt(60_000));
    return next.status === 429 ? next : null;
  });
  const seconds = Number(refused.headers.get("retry-after"));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(await refused.json()).toMatchObject({
    error: {
      type: "rate_limit_error",
      code: "rate_limit_exceeded",
      param: null,
      message: expect.stringMatching(
        /^Too many tokens: this request needs about \d+, \d+ of 100000 per minute are left\. /,
      ) as string,
    },
  });
  upstream.answer((res) => wholeAnswer(res, "Hello"));
  const other = await newKey();
  const all = await Promise.all(Array.from({ length: 61 }, (_, index) => ask(index % 2, other, { max_tokens: 1 })));
  expect(all.filter(({ status }) => status === 429)).toHaveLength(1);
});

test("OpenAI's client knows the refusal for what it is", async () => {
  const client = new OpenAI({ baseURL: `${api(0).url}/v1`, apiKey: await newKey(50), maxRetries: 0 });
  const question = { model: "test-model", messages: [{ role: "user" as const, content: "x".repeat(30) }], max_tokens: 30 };
  upstream.answer((res) => void setTimeout(() => wholeAnswer(res, "slow"), 300));
  const [first, second] = await Promise.allSettled([1, 2].map(() => client.chat.completions.create(question)));
  const refused = [first, second].filter((one) => one?.status === "rejected");
  expect(refused).toHaveLength(1);
  expect(refused[0]?.reason).toBeInstanceOf(OpenAI.RateLimitError);
});

test("a key may have a limit of its own, and a refused request leaves nothing counted", async () => {
  const key = await newKey(1_000);
  upstream.answer((res) => void res.writeHead(400, { "content-type": "application/json" }).end('{"error":{"message":"no"}}'));
  for (let n = 0; n < 5; n++) expect((await ask(0, key, { max_tokens: 900 })).status).toBe(400);
  upstream.answer((res) => wholeAnswer(res, "Hello"));
  const answered = await ask(0, key, { max_tokens: 900 });
  expect([answered.status, answered.headers.get("x-ratelimit-limit-tokens")]).toEqual([200, "1000"]);
});

test("who asks on the page is counted too, and told in the page's own words", async () => {
  await addUser(api(0).ctx, "bea@test");
  const headers = { ...(await signIn(api(0), "bea@test")), ...pageHeaders };
  const { tokens } = api(0).ctx.limits;
  const { rows } = await api(0).ctx.db.query<{ id: string }>("SELECT id FROM users WHERE email = 'bea@test'");
  const id = rows[0]?.id ?? "";
  await tokens.allowance.look(id);
  expect(tokens.allowance.take(id, 100_000, 99_990).hold).not.toBeNull();
  const body = JSON.stringify({ content: "Hi" });
  const answer = await fetch(`${api(0).url}/api/v1/chat`, { method: "POST", headers, body });
  expect(await answer.text()).toContain("Too many tokens");
});

test("without Redis each replica allows its half by itself", async () => {
  const key = await newKey();
  await redis.stop();
  await until(() => replicas.every(({ ctx }) => !ctx.redis?.ready()));
  const first = await ask(0, key, prompt(30_000));
  expect([first.status, first.headers.get("x-ratelimit-limit-tokens")]).toEqual([200, "50000"]);
  expect(remaining(await ask(1, key, prompt(10)))).toBeGreaterThan(49_000);
});
