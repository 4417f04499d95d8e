import { afterAll, beforeAll, expect, test } from "vitest";
import { createApiKey } from "../auth/api-keys.ts";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, startApi, until, type TestApi } from "../testing/api.ts";
import { startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";

let pg: TestPostgres;
let redis: TestRedis;
let replicas: TestApi[];
let apiKey: string;
let userId: string;

beforeAll(async () => {
  [pg, redis] = await Promise.all([startPostgres(), startRedis()]);
  const databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const env = {
    REDIS_URL: redis.url,
    RATE_LIMIT_PER_CALLER: "20",
    RATE_LIMIT_PER_ADDRESS: "60",
    API_REPLICAS: "2",
    FORWARDED_ALLOW_IPS: "loopback",
  };
  replicas = await Promise.all([1, 2].map(() => startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1", env })));
  const { ctx } = api(0);
  ({
    apiKey,
    user: { id: userId },
  } = await addUser(ctx, "ann@test"));
  await until(() => replicas.every(({ ctx: { redis: bus } }) => bus?.ready()));
}, 60_000);

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  await redis?.stop();
  await pg?.stop();
});

function api(index: number): TestApi {
  const replica = replicas[index];
  if (replica === undefined) throw new Error("no replica");
  return replica;
}

const me = (replica: number, token: string, address: string) =>
  fetch(`${api(replica).url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${token}`, "x-forwarded-for": address } });

/** Statuses of this many requests, spread over both replicas. */
async function statuses(count: number, token: string, address: string): Promise<Record<number, number>> {
  const all = await Promise.all(Array.from({ length: count }, (_, index) => me(index % 2, token, address)));
  const counts: Record<number, number> = {};
  for (const { status } of all) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

const newKey = async (requestsPerMinute: number | null = null) =>
  (await createApiKey(api(0).ctx.db, { userId, name: "t", ttlSeconds: null, requestsPerMinute })).apiKey;

test("a key is limited over all replicas together, is told so in standard headers, and others are not touched [X-10]", async () => {
  expect(await statuses(30, apiKey, "9.0.0.1")).toEqual({ 200: 20, 429: 10 });
  const refused = await me(0, apiKey, "9.0.0.1");
  expect(await refused.json()).toEqual({
    error: { code: "too_many_requests", message: "Too many requests. Wait and try again." },
  });
  const seconds = Number(refused.headers.get("retry-after"));
  expect(seconds).toBeGreaterThan(0);
  expect(seconds).toBeLessThanOrEqual(60);
  expect(refused.headers.get("ratelimit-policy")).toBe('"address";q=60;w=60, "caller";q=20;w=60');
  expect(refused.headers.get("ratelimit")).toBe(`"address";r=29;t=${seconds}, "caller";r=0;t=${seconds}`);
  expect((await me(0, await newKey(), "9.0.0.1")).status).toBe(200);
});

test("a key may have a limit of its own", async () => {
  expect(await statuses(10, await newKey(3), "9.0.0.2")).toEqual({ 200: 3, 429: 7 });
});

test("an address is limited whatever keys it tries, in OpenAI's shape below /v1", async () => {
  const wrong = `fidus_0123456789ab_${"A".repeat(43)}`;
  expect(await statuses(70, wrong, "9.0.0.3")).toEqual({ 401: 60, 429: 10 });
  const headers = { authorization: `Bearer ${wrong}`, "x-forwarded-for": "9.0.0.3" };
  const response = await fetch(`${api(1).url}/v1/models`, { headers });
  expect([response.status, await response.json()]).toMatchObject([429, { error: { type: "rate_limit_error" } }]);
  expect((await me(0, wrong, "9.0.0.4")).status).toBe(401);
});

test("without Redis each replica allows its share by itself", async () => {
  const key = await newKey();
  await redis.stop();
  await until(() => replicas.every(({ ctx: { redis: bus } }) => !bus?.ready()));
  expect(await statuses(40, key, "9.0.0.5")).toEqual({ 200: 20, 429: 20 });
  // Ten each: one replica alone gives no more.
  const again = await newKey();
  const alone = await Promise.all(Array.from({ length: 15 }, () => me(0, again, "9.0.0.6")));
  expect(alone.filter(({ status }) => status === 200)).toHaveLength(10);
});
