import { randomUUID } from "node:crypto";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { migrate, MigrationError, migrationStatus, NewerDatabaseError } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { until } from "../testing/api.ts";
import { collect, readEvents } from "../testing/events.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { runApp, startApp } from "../testing/process.ts";
import { answerRow } from "../testing/rows.ts";
import { apiEnv } from "../testing/settings.ts";
import { chunk, done, openStream, startUpstream, type ScriptedUpstream } from "../testing/upstream.ts";

const all = readdirSync(migrationsFolder())
  .map((file) => file.replace(".sql", ""))
  .sort();
const latest = Number(all.at(-1)?.slice(0, 4));
let pg: TestPostgres;
let upstream: ScriptedUpstream;
let folder: string;

beforeAll(async () => {
  pg = await startPostgres();
  upstream = await startUpstream();
  folder = mkdtempSync("/tmp/fidus-migrations-");
}, 60_000);

afterAll(async () => {
  rmSync(folder, { recursive: true, force: true });
  await upstream?.close();
  await pg?.stop();
});

/** Our migrations and one more. */
function folderWith(name: string, sql: string): string {
  const target = join(folder, randomUUID());
  cpSync(migrationsFolder(), target, { recursive: true });
  writeFileSync(join(target, `${name}.sql`), `-- Up Migration\n${sql}\n`);
  return target;
}

describe("migrations", () => {
  test("are applied once, by the command too, and a second run changes nothing", async () => {
    const DATABASE_URL = await pg.createDatabase();
    const first = await runApp(["migrate"], { DATABASE_URL });
    expect([first.code, first.stderr, JSON.parse(first.stdout)]).toEqual([0, "", { from: 0, to: latest, applied: all }]);
    const second = await runApp(["migrate"], { DATABASE_URL });
    expect([second.code, JSON.parse(second.stdout)]).toEqual([0, { from: latest, to: latest, applied: [] }]);
    const status = await runApp(["migrate", "--status", "--json"], { DATABASE_URL });
    expect(JSON.parse(status.stdout)).toEqual({ version: latest, latest, pending: [], unknown: [], floor: 9 });
  });

  test("started twice at the same time are applied once", async () => {
    const url = await pg.createDatabase();
    const results = await Promise.all([
      migrate(url, migrationsFolder()),
      migrate(url, migrationsFolder()),
      migrate(url, migrationsFolder()),
    ]);
    expect(results.map(({ applied }) => applied.length).sort()).toEqual([0, 0, all.length]);
  });

  test("that fail name themselves and PostgreSQL's words, keep the ones before, and leave nothing of their own", async () => {
    const url = await pg.createDatabase();
    const broken = folderWith("9999_broken", "CREATE TABLE half (id int);\nSELECT nonsense();");
    await expect(migrate(url, broken)).rejects.toThrow(MigrationError);
    await expect(migrate(url, broken)).rejects.toThrow(/^migration 9999_broken: .*function nonsense\(\) does not exist/s);
    expect(await migrationStatus(url, broken)).toMatchObject({ version: latest, pending: ["9999_broken"] });
    expect(await query(url, "SELECT to_regclass('half') AS half")).toEqual([{ half: null }]);
    writeFileSync(join(broken, "9999_broken.sql"), "-- Up Migration\nCREATE TABLE half (id int);\n");
    expect(await migrate(url, broken)).toEqual({ from: latest, to: 9999, applied: ["9999_broken"] });
  });

  test("refuse a newer database that took something from this version, and leave it alone", async () => {
    const url = await pg.createDatabase();
    await migrate(url, folderWith("9999_newer", "DROP TABLE identities;\nUPDATE schema_floor SET version = 9998;"));
    await expect(migrate(url, migrationsFolder())).rejects.toThrow(NewerDatabaseError);
    const { code, stderr } = await runApp(["migrate"], { DATABASE_URL: url });
    expect([code, stderr]).toEqual([
      1,
      `database: got schema 9999 (9999_newer), which works with applications of schema 9998 or newer; this one has ${latest}. ` +
        "Start the version that made it, or restore the backup taken before the update into an empty database (pg_restore): " +
        "docs/community.md, Undo an update.\n",
    ]);
    expect((await migrationStatus(url, migrationsFolder())).version).toBe(9999);
  });

  test("pass on a newer database that took nothing from this version, and change nothing: the application is rolled back", async () => {
    const url = await pg.createDatabase();
    await migrate(url, folderWith("9999_newer", "CREATE TABLE newer (id int);"));
    const { code, stdout } = await runApp(["migrate"], { DATABASE_URL: url });
    expect([code, JSON.parse(stdout)]).toEqual([0, { from: 9999, to: 9999, applied: [] }]);
    expect(await query(url, "SELECT to_regclass('newer') IS NOT NULL AS there")).toEqual([{ there: true }]);
  });

  test("refuse a newer database that lacks some of this version's: it is of another line of versions", async () => {
    const url = await pg.createDatabase();
    await migrate(url, folderWith("9999_newer", "CREATE TABLE newer (id int);"));
    const own = folderWith("9998_own", "CREATE TABLE own (id int);");
    await expect(migrate(url, own)).rejects.toThrow(NewerDatabaseError);
    expect(await query(url, "SELECT to_regclass('own') AS own")).toEqual([{ own: null }]);
  });

  test("killed in the middle are completed by the next run", async () => {
    const url = await pg.createDatabase();
    await migrate(url, migrationsFolder());
    const slow = folderWith("9999_slow", "CREATE TABLE slow (id int);\nSELECT pg_sleep(60);");
    const killed = migrate(url, slow).catch((error: unknown) => error);
    const backend =
      "SELECT pid FROM pg_stat_activity WHERE application_name = 'fidus-migrate' AND query LIKE '%pg_sleep%' AND datname = current_database()";
    const [row] = await until(async () => {
      const rows = await query<{ pid: number }>(url, backend);
      return rows.length > 0 ? rows : null;
    });
    await query(url, "SELECT pg_terminate_backend($1)", [row?.pid]);
    expect(await killed).toBeInstanceOf(Error);
    writeFileSync(join(slow, "9999_slow.sql"), "-- Up Migration\nCREATE TABLE slow (id int);\n");
    expect(await migrate(url, slow)).toEqual({ from: latest, to: 9999, applied: ["9999_slow"] });
  });

  test("without a database fail with exit code 1 and say so", async () => {
    const { code, stderr } = await runApp(["migrate"], { DATABASE_URL: "postgres://fidus:hunter2@127.0.0.1:9/none" });
    expect([code, stderr]).toEqual([
      1,
      "DATABASE_URL: got 127.0.0.1:9, database none, user fidus; needs a PostgreSQL that lets us in " +
        "(connect ECONNREFUSED 127.0.0.1:9). Start it or correct the setting, then run migrate again.\n",
    ]);
  });
});

describe("the admin and key commands", () => {
  let env: Record<string, string>;

  beforeAll(async () => {
    env = { DATABASE_URL: await pg.createDatabase() };
    await migrate(env.DATABASE_URL ?? "", migrationsFolder());
  });

  test("make an administrator once; the same e-mail again exits 2 [A-14]", async () => {
    const made = await runApp(["admin", "create", "--email", "Root@Example.com", "--json"], env);
    expect(made.code).toBe(0);
    expect(JSON.parse(made.stdout)).toEqual({
      email: "root@example.com",
      password: expect.stringMatching(/^[a-zA-Z2-9]{20}$/) as string,
      apiKey: expect.stringMatching(/^fidus_[0-9a-f]{12}_[\w-]{43}$/) as string,
    });
    const again = await runApp(["admin", "create", "--email", "root@example.com", "--json"], env);
    expect([again.code, again.stdout, again.stderr]).toEqual([
      2,
      "",
      '--email: got "root@example.com"; needs an address without an account. Choose another, or sign in with this one.\n',
    ]);
    const count = await runApp(["admin", "count", "--json"], env);
    expect([count.code, JSON.parse(count.stdout)]).toEqual([0, { admins: 1 }]);
  });

  test("make a key that ends by itself, and revoke it", async () => {
    await runApp(["admin", "create", "--email", "k@example.com", "--role", "user"], env);
    const made = await runApp(["key", "create", "--email", "k@example.com", "--ttl-seconds", "120", "--json"], env);
    const { id, apiKey } = JSON.parse(made.stdout) as { id: string; apiKey: string };
    expect(apiKey).toMatch(/^fidus_/);
    const state =
      "SELECT round(extract(epoch FROM expires_at - created_at))::int AS ttl, revoked_at IS NOT NULL AS revoked FROM api_keys WHERE id = $1";
    expect(await query(env.DATABASE_URL ?? "", state, [id])).toEqual([{ ttl: 120, revoked: false }]);
    expect((await runApp(["key", "revoke", id], env)).code).toBe(0);
    expect(await query(env.DATABASE_URL ?? "", state, [id])).toEqual([{ ttl: 120, revoked: true }]);
  });

  test.each([
    [["admin", "create"], /^--email: got ""; needs an e-mail address\. Use: admin create/],
    [["admin", "create", "--email", "a@b", "--role", "root"], /^--role: got "root"; needs admin or user\. /],
    [["admin", "create", "--email", "a@b", "--password", "x"], /^arguments: .*'--password'/s],
    [["admin", "remove"], /^admin: got "remove"; needs create, count, list, export, erase, seal\. /],
    [
      ["key", "create", "--email", "nobody@b"],
      /^--email: got "nobody@b"; needs the address of an active account\. Make one: admin create/,
    ],
    [["key", "create", "--email", "k@example.com", "--ttl-seconds", "0"], /^--ttl-seconds: got "0"; needs whole seconds/],
    [["key", "revoke", "1"], /^ID: got "1"; needs the id of a key\. /],
    [
      ["serve"],
      /^role: got "serve"; needs one of api, web, worker, single, llm, check, migrate, admin, key, usage\. Start it as: node main\.js api/,
    ],
  ])("%j exits 2 and says what is right", async (args, message) => {
    const { code, stdout, stderr } = await runApp(args, env);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
  });
});

describe("SIGTERM", () => {
  let env: Record<string, string>;
  let headers: Record<string, string>;

  beforeAll(async () => {
    const DATABASE_URL = await pg.createDatabase();
    await migrate(DATABASE_URL, migrationsFolder());
    env = apiEnv(DATABASE_URL, upstream.url);
    const made = await runApp(["admin", "create", "--email", "a@b", "--json"], env);
    headers = { authorization: `Bearer ${(JSON.parse(made.stdout) as { apiKey: string }).apiKey}` };
  });

  const ask = (port: number, path = "/v1/chat/completions") =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { ...headers, "content-type": "application/json" },
      body: JSON.stringify(
        path.startsWith("/v1") ? { messages: [{ role: "user", content: "x" }], stream: true } : { content: "x" },
      ),
    });

  test("lets an open stream finish, says 503 meanwhile, refuses new work, and exits 0", async () => {
    let finish = (): void => {};
    upstream.answer((res) => {
      openStream(res);
      res.write(chunk("a"));
      finish = () => res.end(chunk(null, "stop") + done);
    });
    const app = startApp(["api"], env);
    const port = await app.port();
    const ready = () => fetch(`http://127.0.0.1:${port}/health/ready`);
    await until(async () => (await ready()).status === 200);
    const response = await ask(port);
    app.child.kill("SIGTERM");
    await until(async () => (await ready()).status === 503);
    expect(await (await ready()).json()).toMatchObject({ status: "draining" });
    const refused = await ask(port);
    expect([refused.status, refused.headers.get("connection")]).toEqual([503, "close"]);
    expect((await fetch(`http://127.0.0.1:${port}/health`)).status).toBe(200);
    finish();
    expect(await response.text()).toContain("[DONE]");
    const { code, stderr } = await app.finished;
    expect([code, stderr]).toEqual([0, ""]);
  });

  test("ends what outlives the grace with an error, frees the runtime, stores the answer as failed, and exits 0", async () => {
    upstream.answer((res) => {
      openStream(res);
      res.write(chunk("half"));
    });
    const app = startApp(["api"], { ...env, SHUTDOWN_GRACE_SECONDS: "1" });
    const port = await app.port();
    const [gateway, own] = [await ask(port), await ask(port, "/api/v1/chat")];
    const events = readEvents(own);
    const start = await events.next();
    await events.next();
    const { left } = await until(() => upstream.requests.at(-1));
    app.child.kill("SIGTERM");
    expect(await gateway.text()).toMatch(/"code":"shutting_down"}}\n\n$/);
    expect((await collect(events)).at(-1)).toMatchObject({ event: "error", data: { code: "shutting_down" } });
    await left;
    expect((await app.finished).code).toBe(0);
    const expected = { status: "failed", content: "half", finish_reason: "shutting_down" };
    expect(await answerRow(env["DATABASE_URL"] ?? "", String(start.value?.data.messageId))).toEqual(expected);
  });

  test.each([
    ["worker", "/health"],
    ["llm", "/health"],
  ])("ends an idle %s at once with 0", async (role, path) => {
    const app = startApp([role], env);
    expect((await fetch(`http://127.0.0.1:${await app.port()}${path}`)).status).toBe(200);
    app.child.kill("SIGTERM");
    expect(await app.finished).toMatchObject({ code: 0, stderr: "" });
  });
});

test("a taken port stops the start and says so", async () => {
  const taken = new URL(upstream.url).port;
  const { code, stderr } = await runApp(["llm"], { PORT: taken, METRICS_PORT: "0" });
  expect([code, stderr]).toEqual([1, `PORT: got ${taken}; needs a free port. Stop its owner or set another PORT.\n`]);
});
