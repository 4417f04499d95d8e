import { execFile } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createLogger } from "../log.ts";
import { createPool } from "../db/pool.ts";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, password, signIn, startApi, until, type TestApi } from "../testing/api.ts";
import { allEvents } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { runApp, startApp } from "../testing/process.ts";
import { apiEnv, testEncryptionKey } from "../testing/settings.ts";
import { startUpstream, streamText, type ScriptedUpstream } from "../testing/upstream.ts";
import { DataKeys } from "./data-keys.ts";
import { exportedTables } from "./personal-tables.ts";
import { KeyRing } from "./ring.ts";

const run = promisify(execFile);
const newKey = "a-newer-key-of-32-characters-0123456789";
let pg: TestPostgres;
let upstream: ScriptedUpstream;
let api: TestApi;
let url: string;
let env: Record<string, string>;
let folder: string;
const ids: Record<string, string> = {};
const headers: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  [pg, upstream] = await Promise.all([startPostgres(), startUpstream()]);
  upstream.answer((res) => streamText(res, ["an answer"]));
  folder = mkdtempSync("/tmp/fidus-dumps-");
}, 60_000);

beforeEach(async () => {
  await api?.close();
  url = await pg.createDatabase();
  await migrate(url, migrationsFolder());
  env = apiEnv(url, upstream.url);
  api = await startApi({ databaseUrl: url, upstream: upstream.url });
  for (const name of ["root", "ann", "bob"]) {
    ids[name] = (await addUser(api.ctx, `${name}@test`)).user.id;
    headers[name] = await signIn(api, `${name}@test`);
  }
  await query(url, "UPDATE users SET role = 'admin' WHERE email = 'root@test'");
  for (const name of ["ann", "bob"]) await allEvents(await call("POST", "/chat", name, { content: `words of ${name}` }));
  await until(async () => (await query(url, "SELECT 1 FROM usage_events")).length === 2);
}, 30_000);

afterAll(async () => {
  await api?.close();
  await upstream?.close();
  await pg?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function call(method: string, path: string, name: string, body?: unknown): Promise<Response> {
  const sent = body === undefined ? null : JSON.stringify(body);
  return fetch(`${api.url}/api/v1${path}`, { method, headers: headers[name] ?? {}, body: sent });
}

const usersLeft = async (): Promise<unknown[]> =>
  (await query<{ email: string }>(url, "SELECT email FROM users ORDER BY email")).map(({ email }) => email);
const audited = () =>
  query(url, "SELECT actor, action, target FROM audit_log WHERE action LIKE 'user.%' ORDER BY id DESC LIMIT 1");

type Line = Record<string, unknown> & { readonly type: string };
const lines = (text: string): Line[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line);

describe("an export", () => {
  test("holds all that is the person's, nothing of others, and no secret", async () => {
    await call("POST", "/keys", "ann", { name: "laptop" });
    const response = await call("GET", "/me/export", "ann");
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const text = await response.text();
    const found = lines(text);
    expect(found.map(({ type }) => type)).toEqual(["profile", "session", "key", "key", "usage", "conversation", "end"]);
    expect(found[0]).toMatchObject({ email: "ann@test", role: "user" });
    expect(found[4]).toMatchObject({ feature: "page", model: "test-model", calls: 1, promptTokens: 7, completionTokens: 3 });
    expect(found[5]).toMatchObject({
      title: "words of ann",
      messages: [{ content: "words of ann" }, { content: "an answer" }],
    });
    expect(found[6]).toEqual({ type: "end", lines: 6 });
    expect(text).not.toMatch(/argon2|hash|bob|wrapped/i);
    const [key] = await query<{ hash: string }>(url, "SELECT encode(secret_hash, 'hex') AS hash FROM api_keys LIMIT 1");
    expect(text).not.toContain(key?.hash);
  });

  test("is made by the operator too, who is audited", async () => {
    const { code, stdout, stderr } = await runApp(["admin", "export", "--email", "Ann@test"], env);
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines(stdout)).toEqual(
      lines(await (await call("GET", "/me/export", "ann")).text()).map(
        (line) => expect.objectContaining({ type: line.type }) as unknown,
      ),
    );
    expect(await audited()).toEqual([{ actor: "operator at the command line", action: "user.export", target: "ann@test" }]);
    expect((await runApp(["admin", "export", "--email", "nobody@test"], env)).code).toBe(2);
  });

  test("finds its account among those that are listed, with how much is kept for each", async () => {
    const { code, stdout } = await runApp(["admin", "list", "--json"], env);
    const kept = { disabled: false, documents: 0, keys: 1 };
    expect([code, JSON.parse(stdout)]).toEqual([
      0,
      {
        accounts: [
          { email: "root@test", role: "admin", conversations: 0 },
          { email: "ann@test", role: "user", conversations: 1 },
          { email: "bob@test", role: "user", conversations: 1 },
        ].map((account) => ({ ...account, ...kept, createdAt: expect.any(String) as string })),
      },
    ]);
    expect((await runApp(["admin", "list"], env)).stdout).toBe("root@test: admin\nann@test: user\nbob@test: user\n");
  });

  test("leaves out no table that points at people", async () => {
    const rows = await query<{ name: string }>(
      url,
      `SELECT DISTINCT conrelid::regclass::text AS name FROM pg_constraint WHERE confrelid = 'users'::regclass AND contype = 'f'`,
    );
    // Conversations with their messages, and documents with their chunks, are opened by the code that keeps them.
    const known = new Set([...exportedTables.map(({ table }) => table), "conversations", "documents"]);
    expect(rows.map(({ name }) => name).filter((name) => !known.has(name))).toEqual([]);
    expect(rows.length).toBeGreaterThan(4);
  });
});

describe("an erasure", () => {
  test("takes one's own account with the password: rows go, costs stay without a name, and the log says who", async () => {
    const before = await query(url, "SELECT sum(cost)::text AS cost, count(*)::int AS n FROM usage_events");
    expect((await call("DELETE", "/me", "ann", { password: "wrong" })).status).toBe(401);
    expect((await call("DELETE", "/me", "ann", {})).status).toBe(401);
    expect(await usersLeft()).toContain("ann@test");
    expect((await call("DELETE", "/me", "ann", { password })).status).toBe(204);
    expect(await usersLeft()).toEqual(["bob@test", "root@test"]);
    expect((await call("GET", "/conversations", "ann")).status).toBe(401);
    expect(await query(url, "SELECT sum(cost)::text AS cost, count(*)::int AS n FROM usage_events")).toEqual(before);
    expect(await query(url, "SELECT user_id, key_id FROM usage_events WHERE user_id IS NULL")).toHaveLength(1);
    expect(await audited()).toEqual([{ actor: "ann@test", action: "user.erase", target: "ann@test" }]);
    const [key] = await query(
      url,
      "SELECT wrapped, key_id, erased_at IS NOT NULL AS erased FROM fidus_keys.data_keys WHERE user_id = $1",
      [ids["ann"]],
    );
    expect(key).toEqual({ wrapped: null, key_id: null, erased: true });
    const bobs = await (await call("GET", "/conversations", "bob")).json();
    expect(bobs).toMatchObject({ conversations: [{ title: "words of bob" }] });
  });

  test("without a password here needs a sign-in of the last ten minutes, and never goes by a key", async () => {
    await query(url, "UPDATE users SET password_hash = '!' WHERE email = 'ann@test'");
    await query(url, "UPDATE sessions SET created_at = now() - interval '11 minutes' WHERE user_id = $1", [ids["ann"]]);
    expect((await call("DELETE", "/me", "ann", {})).status).toBe(403);
    const { apiKey } = (await (await call("POST", "/keys", "bob", { name: "k", scopes: ["account"] })).json()) as {
      apiKey: string;
    };
    headers["key"] = { authorization: `Bearer ${apiKey}`, "content-type": "application/json" };
    expect((await call("DELETE", "/me", "key", { password })).status).toBe(403);
    await query(url, "UPDATE sessions SET created_at = now() WHERE user_id = $1", [ids["ann"]]);
    expect((await call("DELETE", "/me", "ann", {})).status).toBe(204);
    expect(await usersLeft()).toEqual(["bob@test", "root@test"]);
  });

  test("is done by an administrator or the operator, and not to the last administrator", async () => {
    expect((await call("DELETE", `/admin/users/${ids["ann"] ?? ""}`, "bob")).status).toBe(403);
    expect((await call("DELETE", `/admin/users/${ids["ann"] ?? ""}`, "root")).status).toBe(204);
    expect(await audited()).toEqual([{ actor: "root@test", action: "user.erase", target: "ann@test" }]);
    const erased = await runApp(["admin", "erase", "--email", "bob@test", "--json"], env);
    const destroyed = { conversations: 1, documents: 0, keys: 1 };
    expect([erased.code, JSON.parse(erased.stdout)]).toEqual([0, { email: "bob@test", erased: true, ...destroyed }]);
    expect((await call("DELETE", "/me", "root", { password })).status).toBe(409);
    const last = await runApp(["admin", "erase", "--email", "root@test"], env);
    expect([last.code, last.stderr]).toEqual([2, expect.stringContaining("not the last administrator's")]);
    expect(await usersLeft()).toEqual(["root@test"]);
  });

  test("that was killed after the key is finished by the worker", async () => {
    await query(url, "UPDATE fidus_keys.data_keys SET wrapped = NULL, key_id = NULL, erased_at = now() WHERE user_id = $1", [
      ids["ann"],
    ]);
    const worker = startApp(["worker"], env);
    await until(async () => (await usersLeft()).length === 2, 20_000);
    worker.child.kill("SIGTERM");
    await worker.finished;
    expect(await usersLeft()).toEqual(["bob@test", "root@test"]);
  });
});

/** Programs of the same version as the server. */
const program = (name: string): string => join(pg.bin, name);

async function dump(name: string, ...options: string[]): Promise<string> {
  const file = join(folder, name);
  await run(program("pg_dump"), ["--format=custom", `--file=${file}`, ...options, url]);
  return file;
}

async function restored(...files: string[]): Promise<string> {
  const target = await pg.createDatabase();
  for (const file of files) await run(program("pg_restore"), ["--exit-on-error", `--dbname=${target}`, file]);
  return target;
}

/** What the titles of a database say with these keys: the text, or that it does not open. */
async function titlesOf(database: string, ...secrets: string[]): Promise<Record<string, string>> {
  const db = createPool(database, createLogger("silent", "test", ""), 1);
  try {
    const { rows } = await db.query<{ id: string; userId: string; email: string; sealed: Buffer }>(
      `SELECT c.id, u.id AS "userId", u.email, c.title_sealed AS sealed FROM conversations c JOIN users u ON u.id = c.user_id`,
    );
    const titles: Record<string, string> = {};
    for (const { id, userId, email, sealed } of rows) {
      const opened = new DataKeys(db, new KeyRing(secrets))
        .of(userId)
        .then((sealer) => sealer.open("conversations.title", id, sealed));
      titles[email] = await opened.catch((error: Error) => error.name);
    }
    return titles;
  } finally {
    await db.end();
  }
}

describe("a backup of before the erasure", () => {
  const both = { "ann@test": "words of ann", "bob@test": "words of bob" };
  const data = ["--exclude-schema=fidus_keys"];
  const keys = ["--schema=fidus_keys"];

  test("made by the rule and restored beside the present keys opens everybody's rows but the erased one's", async () => {
    const before = await dump("data", ...data);
    // The test's own eyes: with the keys of that time all of it opens.
    expect(await titlesOf(await restored(before, await dump("keys-before", ...keys)), testEncryptionKey)).toEqual(both);
    expect((await call("DELETE", "/me", "ann", { password })).status).toBe(204);
    const target = await restored(before, await dump("keys-after", ...keys));
    const expected = { "ann@test": "AppError", "bob@test": "words of bob" };
    expect(await titlesOf(target, testEncryptionKey)).toEqual(expected);
    // The worker takes the rows that came back, too.
    const worker = startApp(["worker"], apiEnv(target, upstream.url));
    await until(async () => (await query(target, "SELECT 1 FROM users")).length === 2, 20_000);
    worker.child.kill("SIGTERM");
    await worker.finished;
    expect(await titlesOf(target, testEncryptionKey)).toEqual({ "bob@test": "words of bob" });
  }, 60_000);

  test("without the keys opens nobody's", async () => {
    const target = await restored(await dump("alone", ...data));
    await migrateKeysAgain(target);
    const opened = await titlesOf(target, testEncryptionKey);
    expect(opened).toEqual({ "ann@test": "SealError", "bob@test": "SealError" });
  });

  test("restored into the running database leaves its keys as they are", async () => {
    const before = await dump("live", ...data);
    expect((await call("DELETE", "/me", "ann", { password })).status).toBe(204);
    // pg_restore cannot take partitions apart: docs/community.md says the same.
    await query(url, "DROP SCHEMA IF EXISTS jobs CASCADE");
    await run(program("pg_restore"), ["--clean", "--if-exists", "--exit-on-error", `--dbname=${url}`, before]);
    expect(await titlesOf(url, testEncryptionKey)).toEqual({ "ann@test": "AppError", "bob@test": "words of bob" });
  });

  test("that holds the keys too, as a physical one does, opens no more once the ring was rotated and the old key is gone", async () => {
    const whole = await dump("whole");
    expect((await call("DELETE", "/me", "ann", { password })).status).toBe(204);
    const target = await restored(whole);
    // The price that decision 0021 names: until the rotation, such a copy opens.
    expect(await titlesOf(target, testEncryptionKey)).toEqual(both);
    const rotated = await runApp(["admin", "seal", "--json"], { ...env, ENCRYPTION_KEY: `${newKey} ${testEncryptionKey}` });
    expect(JSON.parse(rotated.stdout)).toMatchObject({ ring: [{ dataKeys: 1 }, { dataKeys: 0 }], lost: 0 });
    expect(await titlesOf(target, newKey)).toEqual({ "ann@test": "MissingRingKeyError", "bob@test": "MissingRingKeyError" });
    await query(target, "DROP SCHEMA fidus_keys CASCADE");
    await run(program("pg_restore"), ["--exit-on-error", `--dbname=${target}`, await dump("keys-rotated", ...keys)]);
    expect(await titlesOf(target, newKey)).toEqual({ "ann@test": "AppError", "bob@test": "words of bob" });
  }, 60_000);
});

/** The schema of keys, empty: what somebody makes who has only the data. */
async function migrateKeysAgain(database: string): Promise<void> {
  await query(database, "CREATE SCHEMA fidus_keys");
  await query(
    database,
    "CREATE TABLE fidus_keys.data_keys (user_id uuid PRIMARY KEY, key_id text, wrapped bytea, created_at timestamptz, erased_at timestamptz)",
  );
}
