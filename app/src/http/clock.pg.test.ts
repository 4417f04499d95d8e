import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { leaseSeconds } from "../chat/answer-rows.ts";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, pageHeaders, password, signIn, startApi, until, type TestApi } from "../testing/api.ts";
import { collect, nextOf, readEvents } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startApp, type AppProcess } from "../testing/process.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";
import { apiEnv } from "../testing/settings.ts";
import { startUpstream, streamForEver, type ScriptedUpstream } from "../testing/upstream.ts";

/** A replica whose clock is wrong beside one whose clock is right. */
let pg: TestPostgres;
let redis: TestRedis;
let upstream: ScriptedUpstream;
let right: TestApi;
let wrong: AppProcess;
let databaseUrl: string;

beforeAll(async () => {
  [pg, redis, upstream] = await Promise.all([startPostgres(), startRedis(), startUpstream()]);
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  right = await startApi({ databaseUrl, upstream: upstream.url, heartbeatMs: 100, env: { REDIS_URL: redis.url } });
}, 60_000);

afterEach(async () => {
  wrong.child.kill("SIGKILL");
  await wrong.finished;
});

afterAll(async () => {
  await right?.close();
  await upstream?.close();
  await redis?.stop();
  await pg?.stop();
});

describe.each([
  ["two days fast", 48],
  ["two days slow", -48],
])("a replica whose clock is %s", (name, hours) => {
  test("and a right one agree on who is signed in, on keys, limits, and on who still writes an answer", async () => {
    wrong = startApp(["api"], {
      ...apiEnv(databaseUrl, upstream.url),
      REDIS_URL: redis.url,
      PUBLIC_URL: "http://localhost:3000",
      NODE_OPTIONS: `--import=${new URL("../testing/skewed-clock.ts", import.meta.url).href}`,
      CLOCK_SKEW_MS: String(hours * 3_600_000),
    });
    const url = `http://127.0.0.1:${await wrong.port()}`;
    const { time } = (await (await fetch(`${url}/health`)).json()) as { time: string };
    expect(Math.abs(Date.parse(time) - Date.now() - hours * 3_600_000)).toBeLessThan(60_000);
    const email = `${name.replaceAll(" ", "-")}@test`;
    const { apiKey } = await addUser(right.ctx, email);

    // Signed in at either, known at both.
    const sessions = [await signIn(right, email), await signInAt(url, email)];
    for (const headers of sessions)
      for (const at of [right.url, url]) expect((await fetch(`${at}/api/v1/auth/me`, { headers })).status, at).toBe(200);

    // A key that lives an hour, and what a limit has left.
    await query(databaseUrl, "UPDATE api_keys SET expires_at = now() + interval '1 hour'");
    for (const at of [right.url, url]) {
      const response = await fetch(`${at}/v1/models`, { headers: { authorization: `Bearer ${apiKey}` } });
      expect(response.status, at).toBe(200);
      expect(Number(/t=(\d+)/.exec(response.headers.get("ratelimit") ?? "")?.[1] ?? 60)).toBeLessThanOrEqual(60);
    }

    // An answer of either outlives a lease and the other's sweep, and is stopped from the other.
    upstream.answer(streamForEver);
    for (const [here, there] of [
      [right.url, url],
      [url, right.url],
    ] as const) {
      const body = JSON.stringify({ content: "tell" });
      const rest = readEvents(await fetch(`${here}/api/v1/chat`, { method: "POST", headers: sessions[0]!, body }));
      const messageId = String((await nextOf(rest, "start")).data["messageId"]);
      const outlived = "SELECT 1 FROM messages WHERE id = $1 AND created_at < now() - make_interval(secs => $2)";
      await until(async () => (await query(databaseUrl, outlived, [messageId, leaseSeconds + 2])).length > 0, 20_000);
      const follower = readEvents(await fetch(`${there}/api/v1/chat/${messageId}/events`, { headers: sessions[0]! }));
      await nextOf(follower, "delta");
      const cancelled = await fetch(`${there}/api/v1/chat/${messageId}/cancel`, { method: "POST", headers: sessions[0]! });
      expect(cancelled.status).toBe(202);
      for (const reader of [rest, follower])
        expect((await collect(reader)).at(-1)).toMatchObject({ event: "done", data: { finishReason: "cancelled" } });
    }
  }, 90_000);
});

async function signInAt(url: string, email: string): Promise<Record<string, string>> {
  const body = JSON.stringify({ email, password });
  const response = await fetch(`${url}/api/v1/auth/login`, { method: "POST", headers: pageHeaders, body });
  expect(response.status).toBe(200);
  return { ...pageHeaders, cookie: response.headers.getSetCookie()[0]?.split(";", 1)[0] ?? "" };
}
