import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, startApi, until, type TestApi } from "../testing/api.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { createApiKey, revokeApiKey } from "./api-keys.ts";

/** Bound that docs/people.md promises. */
const boundMs = 1_000;

let pg: TestPostgres;
let databaseUrl: string;
let replicas: TestApi[];

beforeAll(async () => {
  pg = await startPostgres();
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  replicas = await Promise.all([1, 2].map(() => startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1" })));
}, 60_000);

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.close()));
  await pg?.stop();
});

function first(): TestApi {
  const [replica] = replicas;
  if (replica === undefined) throw new Error("no replica");
  return replica;
}

/** Asks without a pause until the status is this one on both replicas; returns the longest time that took from `changed` on. */
async function busyUntil(apiKey: string, wanted: number, change: () => Promise<unknown>): Promise<number> {
  const headers = { authorization: `Bearer ${apiKey}` };
  const deadline = performance.now() + 10_000;
  let changedAt = Infinity;
  let asks = 0;
  const times = replicas.map(async ({ url }) => {
    for (;;) {
      const asked = performance.now();
      const response = await fetch(`${url}/api/v1/auth/me`, { headers });
      await response.arrayBuffer();
      asks++;
      if (response.status === wanted) return asked - changedAt;
      if (asked > deadline) throw new Error(`still ${response.status}`);
    }
  });
  await until(() => asks >= 100, 10_000);
  await change();
  changedAt = performance.now();
  return Math.max(...(await Promise.all(times)));
}

test("a busy key is refused on both replicas within a second of its revocation", async () => {
  const { user } = await addUser(first().ctx, "revoked@test");
  const { id, apiKey } = await createApiKey(first().ctx.db, { userId: user.id, name: "t", ttlSeconds: null });
  expect(await busyUntil(apiKey, 401, () => revokeApiKey(first().ctx.db, id))).toBeLessThan(boundMs);
});

test("a busy key of an account that is disabled, or gone, is refused within a second", async () => {
  for (const sql of ["UPDATE users SET disabled_at = now() WHERE id = $1", "DELETE FROM users WHERE id = $1"]) {
    const { user, apiKey } = await addUser(first().ctx, `${sql.slice(0, 3)}@test`);
    expect(await busyUntil(apiKey, 401, () => query(databaseUrl, sql, [user.id]))).toBeLessThan(boundMs);
  }
});

test("a busy key that expires is refused at its time", async () => {
  const { user } = await addUser(first().ctx, "expires@test");
  const { id, apiKey } = await createApiKey(first().ctx.db, { userId: user.id, name: "t", ttlSeconds: 3_600 });
  const soon = () => query(databaseUrl, "UPDATE api_keys SET expires_at = now() + interval '300 ms' WHERE id = $1", [id]);
  expect(await busyUntil(apiKey, 401, soon)).toBeLessThan(boundMs + 300);
});
