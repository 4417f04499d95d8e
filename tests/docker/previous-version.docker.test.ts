import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrationStatus } from "../../app/src/db/migrate.ts";
import { migrationsFolder } from "../../app/src/resources.ts";
import { speakOpenAi } from "../../app/src/testing/openai-runtime.ts";
import { query, startPostgres, type TestPostgres } from "../../app/src/testing/postgres.ts";
import { startApp } from "../../app/src/testing/process.ts";
import { apiEnv } from "../../app/src/testing/settings.ts";
import { startUpstream, type ScriptedUpstream } from "../../app/src/testing/upstream.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { TestEngine } from "../../infra/images/testing.ts";
import { runCommand, startRole, type RunningRole } from "../versions/app-container.ts";
import { floorOf } from "../versions/contract-rule.ts";
import { versionImage } from "../versions/image.ts";
import { ownMigrations } from "../versions/own-migrations.ts";
import { askByKey, signInAt, type Person } from "../versions/person.ts";
import { firstVersionOf, previousVersion } from "../versions/previous.ts";

// An update from the previous version and both ways to undo it, with images that are built from git. The tests tell one story, in order.
const previous = previousVersion();
const floor = await floorOf(ownMigrations());
/** What may be put back: the previous version, unless it is from before the first release and below the floor. */
const back = previous.schema >= floor ? previous : firstVersionOf(floor);
const steps = ownMigrations().map(({ name }) => name);
const latest = steps.length;
/** What the update brings; none when the previous version has them all. */
const pending = steps.slice(previous.schema);

const engine = new TestEngine();
const folder = mkdtempSync("/tmp/fidus-previous-");
const backup = join(folder, "before-the-update.dump");
const roles: RunningRole[] = [];
let server: TestPostgres;
let upstream: ScriptedUpstream;
let url: string;
let uploads: string;
let images: { previous: string; back: string; present: string };
let account: { email: string; password: string; apiKey: string };

/** The previous version's API, what was written there, and who wrote it. */
let previousUrl: string;
let before: Person;
let written: string;
/** At the present version, and what was written there. */
let now: Person;
let news: string;
let newKey: string;

beforeAll(async () => {
  [server, upstream] = await Promise.all([startPostgres(), startUpstream()]);
  upstream.answer(speakOpenAi);
  const present = (await engine.images("app")).app;
  images = { present, previous: await versionImage(engine.docker, previous), back: await versionImage(engine.docker, back) };
  url = await server.createDatabase();
  uploads = await engine.volume();
});

afterAll(async () => {
  for (const { stop } of roles) await stop();
  await engine.close();
  await upstream?.close();
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function serve(image: string, databaseUrl = url, role = "api"): Promise<string> {
  const own = image === images.present ? { EMBEDDING_MODEL: "test-model", UPLOADS_FOLDER: "/app/uploads" } : {};
  const env = { ...apiEnv(databaseUrl, upstream.url), ...own };
  const started = await startRole(engine.docker, image, role, { env, volumes: [`${uploads}:/app/uploads`] });
  roles.push(started);
  return started.url;
}

const gate = (image: string, DATABASE_URL = url): Promise<[number, string]> =>
  runCommand(engine.docker, image, ["migrate"], { DATABASE_URL });

async function count(sql: string): Promise<number> {
  const [row] = await query<{ n: number }>(url, `SELECT count(*)::int AS n FROM ${sql}`);
  return row?.n ?? -1;
}

test("the image of the previous version, built from git, makes its schema and serves; a backup is taken", async () => {
  const [code, output] = await gate(images.previous);
  expect([code, JSON.parse(output)]).toMatchObject([0, { from: 0, to: previous.schema }]);
  const create = ["admin", "create", "--email", "ann@example.com", "--json"];
  const [, printed] = await runCommand(engine.docker, images.previous, create, { DATABASE_URL: url });
  account = JSON.parse(printed) as typeof account;
  previousUrl = await serve(images.previous);
  before = await signInAt(previousUrl, account);
  const { conversationId, answer } = await before.ask("written before the update");
  written = conversationId;
  expect(answer).toBe("written before the update");
  expect(await askByKey(previousUrl, account.apiKey, "by key")).toBe("by key");
  execFileSync(join(server.bin, "pg_dump"), ["--format=custom", `--file=${backup}`, url]);
});

test("killed at each step of the migration, the previous version serves, and the next run goes on from there [D-06]", async () => {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`CREATE FUNCTION hold_step() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NEW; END $$`);
    for (const [index, step] of pending.entries()) {
      await client.query("SELECT pg_advisory_lock(4711)");
      await client.query(`CREATE OR REPLACE TRIGGER hold BEFORE INSERT ON schema_migrations FOR EACH ROW
        WHEN (NEW.name = '${step}') EXECUTE FUNCTION hold_step()`);
      const run = startApp(["migrate"], { DATABASE_URL: url });
      // All of the step is done but its commit.
      await eventually(step, async () => (await count("pg_locks WHERE locktype = 'advisory' AND NOT granted")) === 1);
      run.child.kill("SIGKILL");
      await run.finished;
      await client.query("SELECT pg_advisory_unlock(4711)");
      await eventually(
        "it is gone",
        async () => (await count("pg_stat_activity WHERE application_name = 'fidus-migrate'")) === 0,
      );
      expect((await migrationStatus(url, migrationsFolder())).version, step).toBe(previous.schema + index);
      const { answer } = await before.ask(`killed at ${step}`, written);
      expect([answer, await askByKey(previousUrl, account.apiKey, step)]).toEqual([`killed at ${step}`, step]);
      await signInAt(previousUrl, account);
    }
    await client.query("DROP TRIGGER hold ON schema_migrations");
    await client.query("DROP FUNCTION hold_step()");
  } finally {
    await client.end();
  }
});

test("the present version migrates the rest, and serves all that the previous one wrote, in clear and sealed [D-06]", async () => {
  const texts = await before.read(written);
  expect(texts).toHaveLength(2 + 2 * pending.length);
  const [code, output] = await gate(images.present);
  expect([code, JSON.parse(output)]).toMatchObject([0, { to: latest, applied: pending.slice(-1) }]);
  const at = await serve(images.present);
  // The sign-in of before goes on, and so does the password.
  expect(await before.at(at).read(written)).toEqual(texts);
  now = await signInAt(at, account);
  const env = apiEnv(url, upstream.url);
  expect((await runCommand(engine.docker, images.present, ["admin", "seal", "--json"], env))[0]).toBe(0);
  expect(await count("messages WHERE content <> ''")).toBe(0);
  expect(await now.read(written)).toEqual(texts);
  expect((await now.ask("after the update", written)).answer).toBe("after the update");
  expect(await askByKey(at, account.apiKey, "old key")).toBe("old key");
});

test("the present version writes what only it knows: sealed texts, a key with scopes, a document, jobs that wait", async () => {
  news = (await now.ask("written after the update")).conversationId;
  const made = (await now.call("POST", "/keys", { name: "new", scopes: ["chat"] })) as { apiKey: string };
  newKey = made.apiKey;
  const form = new FormData();
  form.append("file", new Blob(["Kingfishers live at rivers."]), "birds.txt");
  await now.call("POST", "/documents", form);
  expect(await count("messages WHERE content_sealed IS NULL OR content <> ''")).toBe(0);
  expect(await count("jobs.job WHERE state IN ('created', 'retry')")).toBeGreaterThan(0);
});

test(`an application of the floor (${back.name}) goes back onto the newer schema and serves everything`, async () => {
  const at = await serve(images.back);
  const person = await signInAt(at, account);
  expect(await person.read(news)).toEqual(["written after the update", "written after the update"]);
  expect(await person.read(written)).toEqual(await now.read(written));
  expect((await person.ask("rolled back", news)).answer).toBe("rolled back");
  expect((await person.ask("begun when rolled back")).answer).toBe("begun when rolled back");
  for (const key of [account.apiKey, newKey]) expect(await askByKey(at, key, "still")).toBe("still");
  expect((await now.read(news)).slice(2)).toEqual(["rolled back", "rolled back"]);
});

/** What the present version wrote, read by it after the previous one was there. */
async function servesAllAgain(): Promise<void> {
  expect((await now.read(news)).slice(0, 2)).toEqual(["written after the update", "written after the update"]);
  expect((await now.read(written)).slice(0, 2)).toEqual(["written before the update", "written before the update"]);
}

// One of the two is the truth of this history; the second takes the first one's place with the first release.
if (previous.schema < floor) {
  test("a previous version below the floor is refused by its migrations, and named is the backup", async () => {
    const [code, output] = await gate(images.previous);
    expect([code, output]).toEqual([
      1,
      expect.stringMatching(/database: got schema .*restore the backup taken before/) as string,
    ]);
    expect((await migrationStatus(url, migrationsFolder())).version).toBe(latest);
  });

  test("started past its migrations it serves sign-in, chat and keys, but shows sealed texts as empty; nothing is lost", async () => {
    const person = await signInAt(previousUrl, account);
    expect(await person.read(news)).toEqual(["", "", "", ""]);
    const { conversationId, answer } = await person.ask("by the previous version");
    expect(answer).toBe("by the previous version");
    expect(await askByKey(previousUrl, newKey, "new key")).toBe("new key");
    expect(await now.read(conversationId)).toEqual(["by the previous version", "by the previous version"]);
    await servesAllAgain();
  });
} else {
  test("the previous version passes its migrations on the newer schema, changes nothing, and serves", async () => {
    const [code, output] = await gate(images.previous);
    expect([code, JSON.parse(output)]).toMatchObject([0, { from: latest, to: latest, applied: [] }]);
    await servesAllAgain();
  });
}

test("rolled forward again, the worker does the jobs that waited, and seals what was written meanwhile", async () => {
  await serve(images.present, url, "worker");
  await eventually("the document is embedded", async () => (await count("chunks WHERE embedding IS NOT NULL")) === 1);
  await eventually(
    "no title waits",
    async () => (await count("jobs.job WHERE name = 'chat-title' AND state < 'completed'")) === 0,
  );
  await eventually("all is sealed", async () => (await count("messages WHERE content <> ''")) === 0);
  await servesAllAgain();
});

test("the backup taken before takes the place of the database, the previous version goes on from there, and the newer one is kept", async () => {
  for (const { stop } of roles.splice(0)) await stop();
  const { pathname } = new URL(url);
  const name = pathname.slice(1);
  const admin = new URL("/postgres", url).href;
  // What docs/community.md says, Undo an update.
  await query(admin, `ALTER DATABASE ${name} RENAME TO ${name}_newer`);
  await query(admin, `CREATE DATABASE ${name}`);
  execFileSync(join(server.bin, "pg_restore"), ["--exit-on-error", `--dbname=${url}`, backup]);
  const [code, output] = await gate(images.previous);
  expect([code, JSON.parse(output)]).toMatchObject([0, { from: previous.schema, to: previous.schema, applied: [] }]);
  const at = await serve(images.previous);
  const person = await signInAt(at, account);
  expect(await person.read(written)).toEqual(["written before the update", "written before the update"]);
  expect((await person.ask("again", written)).answer).toBe("again");
  expect(await askByKey(at, account.apiKey, "by key")).toBe("by key");
  expect((await migrationStatus(`${url}_newer`, migrationsFolder())).version).toBe(latest);
});
