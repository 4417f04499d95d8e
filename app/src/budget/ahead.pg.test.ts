import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createApiKey } from "../auth/api-keys.ts";
import { createUser } from "../auth/users.ts";
import { migrate } from "../db/migrate.ts";
import { createPool, timeQueries, type Db } from "../db/pool.ts";
import { createLogger } from "../log.ts";
import { migrationsFolder } from "../resources.ts";
import { until } from "../testing/api.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startApp, type AppProcess } from "../testing/process.ts";
import { apiEnv } from "../testing/settings.ts";
import { startUpstream, wholeAnswer, type ScriptedUpstream } from "../testing/upstream.ts";
import { ReservationsAhead } from "./ahead.ts";
import { createReserve, type Call } from "./ledger.ts";

const log = createLogger("silent", "test", "test");
const owner = "00000000-0000-4000-8000-000000000001";

let pg: TestPostgres;
let databaseUrl: string;
let db: Db;
let call: Call;
let statements = 0;
let upstream: ScriptedUpstream;
const apps: AppProcess[] = [];

beforeAll(async () => {
  [pg, upstream] = await Promise.all([startPostgres(), startUpstream()]);
}, 60_000);

beforeEach(async () => {
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  await db?.end();
  db = createPool(databaseUrl, log, 4);
  timeQueries(db, () => statements++);
  const { id: userId } = await createUser(db, { email: "a@test", name: "a", role: "user", passwordHash: "!" });
  const kind = { userId, keyId: null, tenant: "default", feature: "chat", model: "m", choices: 1 };
  call = { ...kind, inputPrice: 1, outputPrice: 1, promptLimit: 60, promptEstimate: 20, completionLimit: 36 };
});

afterAll(async () => {
  for (const { child } of apps) child.kill("SIGKILL");
  await Promise.all(apps.map(({ finished }) => finished));
  await db?.end();
  await upstream?.close();
  await pg?.stop();
});

const sums = async () =>
  (
    await query<{ rows: number; amount: number; reserved: number }>(
      databaseUrl,
      `SELECT count(*)::int AS rows, coalesce(sum(amount), 0)::float8 AS amount,
         (SELECT min(reserved)::float8 FROM budget_balances) AS reserved FROM budget_reservations`,
    )
  )[0];

/** Admits so many calls one after another; returns their reservations. */
async function admit(tenantCap: number | null, count: number): Promise<{ ahead: ReservationsAhead; ids: string[] }> {
  const ahead = new ReservationsAhead({ db, log, owner, tenantCap });
  const reserve = createReserve(db, owner, tenantCap);
  const ids: string[] = [];
  for (let n = 0; n < count; n++) {
    const reservation = ahead.take(call) ?? (await reserve(call));
    if ("exhausted" in reservation) break;
    ids.push(reservation.id);
  }
  return { ahead, ids };
}

test("calls that come all the time have their reservations before them, each its own, and what is not used is given back", async () => {
  statements = 0;
  const { ahead, ids } = await admit(null, 400);
  expect(new Set(ids).size).toBe(400);
  expect(statements).toBeLessThan(200);
  await until(async () => (await sums())?.rows === 400);
  expect((await sums())?.reserved).toBe((await sums())?.amount);
  await ahead.close();
});

test("at its end everything that was not used is given back", async () => {
  const { ahead, ids } = await admit(null, 400);
  await ahead.close();
  const after = await sums();
  expect([after?.rows, after?.reserved]).toEqual([ids.length, after?.amount]);
});

test("of what is left no more than a tenth is reserved ahead, and the cap is never passed", async () => {
  statements = 0;
  const { ahead, ids } = await admit(20_000, 1_000);
  expect(statements).toBeLessThan(ids.length);
  // 96 each, or 100 where it was made ahead for prompts of up to 64.
  expect(ids.length).toBeGreaterThan(150);
  expect((await sums())?.reserved).toBeLessThanOrEqual(20_000);
  await ahead.close();
  expect((await sums())?.rows).toBe(ids.length);
  expect((await sums())?.reserved).toBe((await sums())?.amount);
});

test("calls that come now and then ask for themselves", async () => {
  statements = 0;
  const { ahead, ids } = await admit(null, 5);
  expect([statements, ids.length, (await sums())?.rows]).toEqual([5, 5, 5]);
  await ahead.close();
});

test("a busy process that is killed leaves nothing reserved behind for longer than 60 s, and the ledger is the balance", async () => {
  const { apiKey } = await createApiKey(db, { userId: call.userId, name: "t", ttlSeconds: null });
  upstream.answer((res) => wholeAnswer(res, "Hi"));
  const limits = { RATE_LIMIT_PER_CALLER: "none", RATE_LIMIT_PER_ADDRESS: "none" };
  const env = { ...apiEnv(databaseUrl, upstream.url), ...limits, LLM_PRICES: "*=1/1", LLM_BUDGET_USD: "100" };
  const [victim, other] = [startApp(["api"], env), startApp(["api"], env)];
  apps.push(victim, other);
  const [url] = (await Promise.all([victim.port(), other.port()])).map((port) => `http://127.0.0.1:${port}`);
  await until(async () => (await fetch(`${url}/health/ready`)).status === 200, 20_000);
  let answered = 0;
  const body = JSON.stringify({ messages: [{ role: "user", content: "Hi" }], max_tokens: 10 });
  const caller = async (): Promise<void> => {
    for (;;) {
      const response = await fetch(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${apiKey}` },
        body,
      });
      await response.arrayBuffer();
      answered++;
    }
  };
  const callers = Promise.allSettled(Array.from({ length: 10 }, caller));
  await until(() => answered >= 500, 30_000);
  victim.child.kill("SIGKILL");
  await callers;
  await until(async () => (await sums())?.rows === 0, 60_000);
  const balances = await query<{ spent: number; reserved: number }>(
    databaseUrl,
    "SELECT spent::float8 AS spent, reserved::float8 AS reserved FROM budget_balances",
  );
  const [ledger] = await query<{ calls: number; leaked: number; cost: number }>(
    databaseUrl,
    `SELECT count(*)::int AS calls, count(*) FILTER (WHERE outcome = 'leaked')::int AS leaked, sum(cost)::float8 AS cost FROM usage_events`,
  );
  expect(balances).toEqual(Array.from({ length: 3 }, () => ({ spent: ledger?.cost, reserved: 0 })));
  // Every answer stands in the ledger; what was reserved ahead, and what was under way, at the estimate.
  expect(ledger?.calls).toBeGreaterThanOrEqual(answered);
  expect(ledger?.leaked).toBeGreaterThan(0);
  expect((ledger?.calls ?? 0) - answered).toBeLessThanOrEqual(50 * 2 + 10);
}, 120_000);
