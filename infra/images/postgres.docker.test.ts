import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { eventually } from "../core/eventually.ts";
import { checkout, fillDocument, TestEngine } from "./testing.ts";

const engine = new TestEngine();
let images = { base: "", postgres: "" };

beforeAll(async () => {
  images = await engine.images("base", "postgres");
});
afterAll(() => engine.close());

interface Instance {
  readonly files: string;
  readonly data: string;
  readonly id: string;
}

async function startPostgres(password: string, env: Record<string, string> = {}): Promise<Instance> {
  const [files, data] = [await engine.volume(), await engine.volume()];
  await setPassword(files, password);
  return { files, data, id: await run(files, data, env) };
}

function run(files: string, data: string, env: Record<string, string> = {}): Promise<string> {
  const volumes = [`${files}:/run/fidus:ro`, `${data}:/var/lib/postgresql/data`];
  return engine.start({ image: images.postgres, volumes, tmpfs: ["/run/postgresql"], env });
}

async function setPassword(files: string, password: string): Promise<void> {
  await engine.fill(images.base, files, fillDocument("postgres", { postgres_password: password }));
}

/** As the application: role fidus over TCP with a password. */
function query(id: string, password: string, sql: string): Promise<string> {
  const url = `postgresql://fidus:${encodeURIComponent(password)}@127.0.0.1/fidus`;
  return engine.exec(id, "psql", "-XAtq", "--set=ON_ERROR_STOP=1", "--dbname", url, "-c", sql);
}

/** As the operator: user postgres over the local socket. */
function superuser(id: string, sql: string): Promise<string> {
  return engine.exec(id, "psql", "-XAtq", "-h", "/run/postgresql", "-U", "postgres", "-d", "fidus", "-c", sql);
}

test("a first start without root, rights or a writable root ends with checksums, pgvector and durable settings [C-10]", async () => {
  const { id } = await startPostgres("p1");
  await engine.healthy(id);
  expect(await engine.exec(id, "id", "-u")).toBe("10002");
  const settings = ["fsync", "full_page_writes", "synchronous_commit", "data_checksums", "password_encryption", "jit"];
  const shown = await Promise.all(settings.map((name) => superuser(id, `show ${name}`)));
  expect(shown).toEqual(["on", "on", "on", "on", "scram-sha-256", "off"]);
  expect(await query(id, "p1", "select '[1,2]'::vector <-> '[1,3]'::vector")).toBe("1");
  expect(await query(id, "p1", "select pg_get_userbyid(datdba) from pg_database where datname='fidus'")).toBe("fidus");
  expect(await query(id, "p1", "create table t (x int); drop table t; select rolsuper from pg_roles where rolname='fidus'")).toBe(
    "f",
  );
  expect(await superuser(id, "select version()")).toMatch(/^PostgreSQL 17\./);
});

test("over TCP a wrong password and the superuser are refused", async () => {
  const { id } = await startPostgres("right");
  await engine.healthy(id);
  await expect(query(id, "wrong", "select 1")).rejects.toThrow("password authentication failed");
  const asSuperuser = engine.exec(id, "psql", "-XAtq", "postgresql://postgres:right@127.0.0.1/postgres", "-c", "select 1");
  await expect(asSuperuser).rejects.toThrow("no pg_hba.conf entry");
});

test("a start killed in the middle of creating the cluster is repaired by the next one", async () => {
  const { id, data } = await startPostgres("p1");
  const listing = async () =>
    (await engine.status(id, "bash", "-c", "compgen -G '/var/lib/postgresql/data/.initdb-*/base'")) === 0;
  await eventually("the cluster is being created", listing);
  await engine.docker(["kill", id]);
  const names = () =>
    engine.docker(["run", "--rm", "--network", "none", "-v", `${data}:/data:ro`, images.base, "ls", "-A", "/data"]);
  expect((await names()).trim()).toMatch(/^\.initdb-\d+$/);
  await engine.docker(["start", id]);
  await engine.healthy(id);
  expect((await names()).trim()).toBe("17");
  expect(await query(id, "p1", "select 1")).toBe("1");
});

test("acknowledged rows survive a kill, and a fast shutdown ends open sessions", async () => {
  const { id } = await startPostgres("p1");
  await engine.healthy(id);
  await query(id, "p1", "create table kept (x int)");
  await query(id, "p1", "insert into kept select generate_series(1, 500)");
  await engine.docker(["kill", id]);
  await engine.docker(["start", id]);
  await engine.healthy(id);
  expect(await query(id, "p1", "select count(*) from kept")).toBe("500");
  const session = query(id, "p1", "select pg_sleep(300)").catch(() => "ended");
  await eventually(
    "the session sleeps",
    async () =>
      (await superuser(
        id,
        "select count(*) from pg_stat_activity where query like '%pg_sleep(300)' and pid <> pg_backend_pid()",
      )) === "1",
  );
  const start = performance.now();
  await engine.docker(["stop", "--time", "60", id]);
  expect(performance.now() - start).toBeLessThan(30_000);
  expect(await session).toBe("ended");
  expect(await engine.logs(id)).toContain("database system is shut down");
});

test("a new password counts from the next start on, the old one no longer; any characters will do", async () => {
  const { id, files } = await startPostgres("old");
  await engine.healthy(id);
  const next = `n'e"w \\x$(id)%${"ä"}`;
  await setPassword(files, next);
  expect(await query(id, "old", "select 1")).toBe("1");
  await engine.docker(["restart", "--time", "30", id]);
  await engine.healthy(id);
  expect(await query(id, next, "select 1")).toBe("1");
  await expect(query(id, "old", "select 1")).rejects.toThrow("password authentication failed");
  const seen = `${await engine.logs(id)}${await engine.docker(["inspect", id])}${await engine.docker(["top", id, "-eo", "pid,args"])}`;
  expect(seen).not.toContain(next);
});

test("a missing password and a memory below the minimum stop the start with the fix", async () => {
  const [files, data] = [await engine.volume(), await engine.volume()];
  const without = await run(files, data);
  expect((await engine.docker(["wait", without])).trim()).toBe("2");
  expect(await engine.logs(without)).toContain(
    "/run/fidus/postgres_password: got nothing; needs the password of the role fidus. Run ./fidus up.",
  );
  const small = await run(files, data, { FIDUS_PG_MEMORY_MB: "64" });
  expect((await engine.docker(["wait", small])).trim()).toBe("2");
  expect(await engine.logs(small)).toContain("FIDUS_PG_MEMORY_MB: got '64'; needs a whole number, 128 or more.");
});

/** The commands of a section of the guide that run in the database's container, as they are run there. */
function documented(section: string): string[] {
  const guide = readFileSync(join(checkout, "docs/community.md"), "utf8");
  const text = guide.split(`## ${section}\n`)[1]?.split("\n## ")[0] ?? "";
  const lines = [...text.matchAll(/^docker exec (?:-i )?"\$postgres" (.*)$/gm)].map(([, line = ""]) => line);
  return lines.map((line) => line.replace("FILE", "/tmp/data.dump").replace("keys.dump", "/tmp/keys.dump"));
}

test("the guide's commands put a backup in the place of a newer database, which is kept, and the application may use it", async () => {
  const { id } = await startPostgres("p1");
  await engine.healthy(id);
  const dump = (name: string, choice: string): Promise<string> =>
    engine.exec(id, "bash", "-c", `pg_dump --username postgres --format custom ${choice} fidus > /tmp/${name}.dump`);
  await query(id, "p1", "create table notes (x vector); insert into notes values ('[1,2]')");
  await query(id, "p1", "create schema fidus_keys; create table fidus_keys.data_keys (x int)");
  await dump("data", "--exclude-schema fidus_keys");
  await query(id, "p1", "create table newer (x int); insert into fidus_keys.data_keys values (7)");
  await dump("keys", "--schema fidus_keys");
  const commands = documented("Undo an update");
  expect(commands.map((command) => command.split(" ")[0])).toEqual(["psql", "psql", "psql", "pg_restore", "pg_restore"]);
  for (const command of commands) await engine.exec(id, "bash", "-c", command);
  expect(await query(id, "p1", "select x from notes")).toBe("[1,2]");
  expect(await query(id, "p1", "select x from fidus_keys.data_keys")).toBe("7");
  expect(await query(id, "p1", "select to_regclass('newer') is null")).toBe("t");
  await query(id, "p1", "create table newer (x int)");
  expect(await superuser(id, "select count(*) from pg_database where datname = 'fidus_newer'")).toBe("1");
  expect(await superuser(id, "select has_database_privilege('public', 'fidus', 'connect')")).toBe("f");
});
