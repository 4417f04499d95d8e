import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request, type ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { createPool } from "../db/pool.ts";
import { createLogger } from "../log.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, timed, until } from "../testing/api.ts";
import { startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startApp } from "../testing/process.ts";
import { apiEnv } from "../testing/settings.ts";
import { chunk, done, openStream, startUpstream, wholeAnswer, type ScriptedUpstream } from "../testing/upstream.ts";

let pg: TestPostgres;
let upstream: ScriptedUpstream;
let databaseUrl: string;
let key: string;

beforeAll(async () => {
  pg = await startPostgres();
  upstream = await startUpstream();
  databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  const db = createPool(databaseUrl, createLogger("silent", "test", ""));
  key = (await addUser({ db }, "drain@test")).apiKey;
  await db.end();
}, 60_000);

afterAll(async () => {
  await upstream.close();
  await pg.stop();
});

/** The api role as a process with so many seconds of grace, and streams that wait for the test to end them. */
async function streaming(graceSeconds: number, count: number, more: Record<string, string> = {}) {
  const held: ServerResponse[] = [];
  upstream.answer((res) => {
    openStream(res);
    res.write(chunk("a"));
    held.push(res);
  });
  const app = startApp(["api"], {
    ...apiEnv(databaseUrl, upstream.url),
    SHUTDOWN_GRACE_SECONDS: String(graceSeconds),
    ...more,
  });
  const url = `http://127.0.0.1:${await app.port()}`;
  const ask = (): Promise<Response> =>
    fetch(`${url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify({ messages: [{ role: "user", content: "Hi" }], stream: true }),
    });
  const ready = async (): Promise<number> => (await fetch(`${url}/health/ready`)).status;
  await until(async () => (await ready()) === 200, 20_000);
  const texts = Array.from({ length: count }, async () => (await ask()).text());
  await until(() => held.length === count, 20_000);
  return { app, url, held, texts, ask, ready };
}

test("after SIGTERM readiness is 503, new work is 503, and 200 open streams end with their own end", async () => {
  const { app, held, texts, ask, ready } = await streaming(30, 200);
  app.child.kill("SIGTERM");
  await until(async () => (await ready()) === 503);
  const refused = await ask();
  expect([refused.status, refused.headers.get("retry-after"), await refused.json()]).toMatchObject([
    503,
    "2",
    { error: { code: "shutting_down" } },
  ]);
  expect(held).toHaveLength(200);
  for (const res of held) res.end(chunk(null, "stop") + done);
  for (const text of await Promise.all(texts)) expect(text).toBe(chunk("a") + chunk(null, "stop") + done);
  expect((await app.finished).code).toBe(0);
}, 60_000);

test("what is open when the grace is over ends with a marked error, and the runtime is left", async () => {
  const { app, held, texts } = await streaming(1, 20);
  const left = upstream.requests.slice(-20).map((request) => request.left);
  app.child.kill("SIGTERM");
  const ended = timed(app.finished);
  for (const text of await Promise.all(texts)) {
    expect(text.startsWith(chunk("a"))).toBe(true);
    expect(text).toContain('"code":"shutting_down"');
    expect(text).not.toContain("[DONE]");
  }
  await Promise.all(left);
  expect(held).toHaveLength(20);
  expect((await app.finished).code).toBe(0);
  expect(await ended).toBeLessThan(10_000);
}, 60_000);

/** The status of a question on a connection of its own, as a proxy asks, or why there was none. */
function askAlone(url: string): Promise<number | string> {
  return new Promise((resolve) => {
    const headers = { authorization: `Bearer ${key}` };
    const req = request(`${url}/v1/chat/completions`, { method: "POST", headers, agent: false }, (res) => {
      res.resume().on("end", () => resolve(res.statusCode ?? 0));
    });
    req.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    req.end(JSON.stringify({ messages: [{ role: "user", content: "Hi" }] }));
  });
}

test("a replica that others stand in for says so by its file, serves who came before the proxy saw it, then closes its port", async () => {
  const folder = mkdtempSync(join(tmpdir(), "fidus-leaving-"));
  const file = join(folder, "1");
  writeFileSync(file, "");
  const { app, url, held, texts, ready } = await streaming(30, 50, { LEAVING_FILE: file, API_REPLICAS: "2" });
  expect(existsSync(file)).toBe(false);
  upstream.answer((res) => wholeAnswer(res, "Hello"));
  const seen: (number | string)[] = [];
  const loops = Array.from({ length: 4 }, async () => {
    while (!existsSync(file)) seen.push(await askAlone(url));
  });
  await until(() => seen.length >= 20);
  app.child.kill("SIGTERM");
  await Promise.all(loops);
  expect(await ready()).toBe(503);
  seen.push(await askAlone(url));
  expect(new Set(seen)).toEqual(new Set([200]));
  // Whoever comes keeps it open, for ten seconds at most.
  await until(async () => (await askAlone(url)) === "ECONNREFUSED", 15_000);
  expect(held).toHaveLength(50);
  for (const res of held) res.end(chunk(null, "stop") + done);
  for (const text of await Promise.all(texts)) expect(text).toBe(chunk("a") + chunk(null, "stop") + done);
  expect((await app.finished).code).toBe(0);
  expect(existsSync(file)).toBe(true);
  rmSync(folder, { recursive: true });
}, 60_000);
