import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { createLogger } from "../log.ts";
import { createPool, type Db } from "../db/pool.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, signIn, startApi, until, type TestApi } from "../testing/api.ts";
import { allEvents, readEvents } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { startApp } from "../testing/process.ts";
import { startRedis, type TestRedis } from "../testing/redis.ts";
import { apiEnv, testEncryptionKey } from "../testing/settings.ts";
import { chunk, openStream, startUpstream, streamText, type ScriptedUpstream } from "../testing/upstream.ts";
import { DataKeys } from "./data-keys.ts";
import { sealOldRows } from "./jobs.ts";
import { KeyRing } from "./ring.ts";

let pg: TestPostgres;
let redis: TestRedis;
let upstream: ScriptedUpstream;
const never = new AbortController().signal;
const closing: (() => Promise<unknown>)[] = [];

beforeAll(async () => {
  [pg, redis, upstream] = await Promise.all([startPostgres(), startRedis({ appendOnly: true }), startUpstream()]);
}, 60_000);

afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await upstream?.close();
  await redis?.stop();
  await pg?.stop();
});

function pool(url: string): Db {
  const db = createPool(url, createLogger("silent", "test", ""), 3);
  closing.push(() => db.end());
  return db;
}

/** All that the tables hold, as text: bytea as hex. */
async function everything(url: string): Promise<string> {
  const tables = await query<{ name: string }>(
    url,
    `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.tables
     WHERE table_schema IN ('public', 'fidus_keys') AND table_type = 'BASE TABLE'`,
  );
  const texts = await Promise.all(
    tables.map(({ name }) => query<{ text: string }>(url, `SELECT t::text AS text FROM ${name} t`)),
  );
  return texts.flat().reduce((sum, { text }) => `${sum}${text}\n`, "");
}

/** True when text or its hex stands in it. */
const holds = (all: string, text: string): boolean => all.includes(text) || all.includes(Buffer.from(text).toString("hex"));

async function open(env: Record<string, string> = {}): Promise<{ api: TestApi; url: string; ann: Record<string, string> }> {
  const url = await pg.createDatabase();
  await migrate(url, migrationsFolder());
  const api = await startApi({ databaseUrl: url, upstream: upstream.url, env });
  closing.push(api.close);
  await addUser(api.ctx, "ann@test");
  return { api, url, ann: await signIn(api, "ann@test") };
}

const ask = (api: TestApi, headers: Record<string, string>, content: string): Promise<Response> =>
  fetch(`${api.url}/api/v1/chat`, { method: "POST", headers, body: JSON.stringify({ content }) });

const marker = "Kingfisher-4711";

describe("what people say [A-16]", () => {
  test("is sealed at rest: no table holds title, question or answer, and each is read back", async () => {
    const { api, url, ann } = await open();
    upstream.answer((res) => streamText(res, [`${marker} `, "answers"]));
    const [start] = await allEvents(await ask(api, ann, `${marker} asks`));
    expect(holds(await everything(url), marker)).toBe(false);
    const read = await fetch(`${api.url}/api/v1/conversations/${String(start?.data.conversationId)}`, { headers: ann });
    expect(await read.json()).toMatchObject({
      title: `${marker} asks`,
      messages: [{ content: `${marker} asks` }, { content: `${marker} answers` }],
    });
    // The test's own eyes: what is clear is found.
    await query(url, "UPDATE users SET name = $1", [marker]);
    expect(holds(await everything(url), marker)).toBe(true);
  });

  test("is sealed while an answer grows, in PostgreSQL and in what Redis keeps on its disk", async () => {
    const { api, url, ann } = await open({ REDIS_URL: redis.url });
    const other = await startApi({ databaseUrl: url, upstream: upstream.url, env: { REDIS_URL: redis.url } });
    closing.push(other.close);
    upstream.answer((res) => {
      openStream(res);
      const timer = setInterval(() => res.write(chunk(`${marker} `)), 20);
      res.once("close", () => clearInterval(timer));
    });
    const rest = readEvents(await ask(api, ann, "go on"));
    const { value: start } = await rest.next();
    const messageId = String(start?.data.messageId);
    const elsewhere = readEvents(await fetch(`${other.url}/api/v1/chat/${messageId}/events`, { headers: ann }));
    expect(JSON.stringify((await elsewhere.next()).value)).toContain(marker);
    const grown = await until(async () => {
      const rows = await query(url, "SELECT content, status FROM messages WHERE id = $1 AND octet_length(content_sealed) > 60", [
        messageId,
      ]);
      return rows[0];
    });
    expect(grown).toEqual({ content: "", status: "streaming" });
    // A mark that is kept shows that the disk is looked at.
    await api.ctx.redis?.commands.set("mark", "kept-on-disk");
    const onDisk = (): string =>
      readdirSync(redis.folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => readFileSync(join(entry.parentPath, entry.name), "latin1"))
        .join("");
    await until(() => onDisk().includes("kept-on-disk"));
    expect([onDisk().includes(marker), onDisk().includes("fidus:answer:")]).toEqual([false, false]);
    await fetch(`${api.url}/api/v1/chat/${messageId}/cancel`, { method: "POST", headers: ann });
  }, 30_000);

  test("does not open when it is moved to another row or person in the database, and the answer says nothing of it", async () => {
    const { api, url, ann } = await open();
    upstream.answer((res) => streamText(res, ["one"]));
    const [first] = await allEvents(await ask(api, ann, "first"));
    await allEvents(await ask(api, ann, "second"));
    const path = `${api.url}/api/v1/conversations/${String(first?.data.conversationId)}`;
    expect((await fetch(path, { headers: ann })).status).toBe(200);
    await query(url, "UPDATE messages SET content_sealed = (SELECT content_sealed FROM messages ORDER BY position DESC LIMIT 1)");
    const read = await fetch(path, { headers: ann });
    expect([read.status, await read.json()]).toMatchObject([500, { error: { code: "internal" } }]);
  });

  test("has one key for each person, also when two replicas make it at once, and none after another's key", async () => {
    const { api, url } = await open();
    const db = pool(url);
    const ring = new KeyRing([testEncryptionKey]);
    const { user } = await addUser(api.ctx, "bob@test");
    const sealers = await Promise.all(Array.from({ length: 8 }, () => new DataKeys(db, ring).of(user.id)));
    const sealed = sealers[0]?.seal("messages.content", user.id, marker) ?? Buffer.alloc(0);
    for (const sealer of sealers) expect(sealer.open("messages.content", user.id, sealed)).toBe(marker);
    expect(await query(url, "SELECT 1 FROM fidus_keys.data_keys WHERE user_id = $1", [user.id])).toHaveLength(1);
    const wrong = new DataKeys(db, new KeyRing(["another-key-of-32-characters-0123456789"]));
    await expect(wrong.of(user.id)).rejects.toThrow(/^ENCRYPTION_KEY: got the keys /);
  });
});

/** A database as the version before left it, with conversations in clear. */
async function oldDatabase(conversations: number): Promise<{ url: string; userId: string; streaming: string }> {
  const url = await pg.createDatabase();
  const folder = mkdtempSync("/tmp/fidus-old-schema-");
  const before = (file: string): boolean => !file.endsWith(".sql") || basename(file) < "0009";
  cpSync(migrationsFolder(), folder, { recursive: true, filter: before });
  expect(await migrate(url, folder)).toMatchObject({ to: 8 });
  rmSync(folder, { recursive: true });
  const userId = randomUUID();
  const streaming = randomUUID();
  await query(url, "INSERT INTO users (id, email, name, role, password_hash) VALUES ($1, 'old@test', 'Old', 'user', '!')", [
    userId,
  ]);
  await query(
    url,
    `WITH c AS (
       INSERT INTO conversations (id, user_id, title) SELECT gen_random_uuid(), $1, $2 || ' title ' || n FROM generate_series(1, $3) n
       RETURNING id, title
     )
     INSERT INTO messages (id, conversation_id, role, content, status)
       SELECT gen_random_uuid(), id, 'user', title || ' message', 'complete' FROM c`,
    [userId, marker, conversations],
  );
  await query(
    url,
    // Its writer is the old version, and lives as long as the test does.
    `INSERT INTO messages (id, conversation_id, role, content, status, updated_at)
     SELECT $1, id, 'assistant', $2, 'streaming', now() + interval '1 hour' FROM conversations LIMIT 1`,
    [streaming, `${marker} grows`],
  );
  return { url, userId, streaming };
}

const inClear = async (url: string): Promise<number> =>
  (
    await query<{ n: number }>(
      url,
      "SELECT ((SELECT count(*) FROM conversations WHERE title <> '') + (SELECT count(*) FROM messages WHERE content <> ''))::int AS n",
    )
  )[0]?.n ?? -1;

describe("a database of the version before [D-06]", () => {
  test("is read as it is, and sealed by the worker while an answer of the old version still grows", async () => {
    const { url, userId, streaming } = await oldDatabase(250);
    await migrate(url, migrationsFolder());
    const api = await startApi({ databaseUrl: url, upstream: upstream.url });
    closing.push(api.close);
    const cookie = { cookie: `fidus_session_3000=${await api.ctx.sessions.create(userId)}` };
    const read = async (): Promise<unknown> => {
      const response = await fetch(`${api.url}/api/v1/conversations`, { headers: cookie });
      const { conversations } = (await response.json()) as { conversations: { id: string; title: string }[] };
      const one = await fetch(`${api.url}/api/v1/conversations/${conversations[7]?.id ?? ""}`, { headers: cookie });
      return [conversations.map(({ title }) => title).sort(), await one.json()];
    };
    const before = await read();
    expect(JSON.stringify(before)).toContain(`${marker} title 250`);
    const worker = startApp(["worker"], apiEnv(url, upstream.url));
    await until(async () => (await inClear(url)) <= 1, 20_000);
    expect(await query(url, "SELECT status, content FROM messages WHERE content <> ''")).toEqual([
      { status: "streaming", content: `${marker} grows` },
    ]);
    expect(await read()).toEqual(before);
    worker.child.kill("SIGTERM");
    expect(await worker.finished).toMatchObject({ code: 0, stderr: "" });
    // Its old writer ends it; the next round seals it too.
    await query(url, "UPDATE messages SET status = 'complete' WHERE id = $1", [streaming]);
    const db = pool(url);
    expect(await sealOldRows(db, new DataKeys(db, new KeyRing([testEncryptionKey])), never)).toBe(1);
    expect(holds(await everything(url), marker)).toBe(false);
    expect(await read()).not.toEqual([]);
  }, 40_000);

  test("is sealed to the end by a second run when the first was killed", async () => {
    const { url } = await oldDatabase(3_000);
    await migrate(url, migrationsFolder());
    const all = await inClear(url);
    const first = startApp(["worker"], apiEnv(url, upstream.url));
    await until(async () => (await inClear(url)) < all, 20_000);
    first.child.kill("SIGKILL");
    await first.finished;
    const left = await inClear(url);
    expect(left).toBeGreaterThan(1);
    const second = startApp(["worker"], apiEnv(url, upstream.url));
    // It gets the job when the first one was not heard of for 15 s.
    await until(async () => (await inClear(url)) === 1, 60_000);
    second.child.kill("SIGTERM");
    await second.finished;
    const db = pool(url);
    const rows = await query<{ id: string; user_id: string; title_sealed: Buffer }>(url, "SELECT * FROM conversations");
    const sealer = await new DataKeys(db, new KeyRing([testEncryptionKey])).of(rows[0]?.user_id ?? "");
    const titles = rows.map(({ id, title_sealed }) => sealer.open("conversations.title", id, title_sealed)).sort();
    expect([new Set(titles).size, titles[0]]).toEqual([3_000, `${marker} title 1`]);
  }, 120_000);

  test("serves the version before after the migration too: what it writes is read by both", async () => {
    const { url, userId } = await oldDatabase(1);
    await migrate(url, migrationsFolder());
    const id = randomUUID();
    // The statements of the version before.
    await query(url, "INSERT INTO conversations (id, user_id, title) VALUES ($1, $2, $3)", [id, userId, "by the old one"]);
    await query(
      url,
      "INSERT INTO messages (id, conversation_id, role, content, status) VALUES (gen_random_uuid(), $1, 'user', 'old words', 'complete')",
      [id],
    );
    const api = await startApi({ databaseUrl: url, upstream: upstream.url });
    closing.push(api.close);
    const headers = { cookie: `fidus_session_3000=${await api.ctx.sessions.create(userId)}` };
    const read = await fetch(`${api.url}/api/v1/conversations/${id}`, { headers });
    expect(await read.json()).toMatchObject({ title: "by the old one", messages: [{ content: "old words" }] });
    // A sealed row is an empty text to the old one, not an error.
    await api.ctx.db.query("UPDATE conversations SET title = '', title_sealed = '\\x00' WHERE id = $1", [id]);
    expect(await query(url, "SELECT id, title FROM conversations WHERE id = $1", [id])).toEqual([{ id, title: "" }]);
  });
});
