import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { testPython } from "../../../../tests/python/environment.ts";
import { createApiKey } from "../../auth/api-keys.ts";
import { scopeNames } from "../../auth/scopes.ts";
import { createUser, noPassword, type UserRole } from "../../auth/users.ts";
import { migrate } from "../../db/migrate.ts";
import { migrationsFolder } from "../../resources.ts";
import { until } from "../../testing/api.ts";
import { speakOpenAi } from "../../testing/openai-runtime.ts";
import { startPostgres, type TestPostgres } from "../../testing/postgres.ts";
import { startApp, type AppProcess } from "../../testing/process.ts";
import { startRedis, type TestRedis } from "../../testing/redis.ts";
import { apiEnv } from "../../testing/settings.ts";
import { startUpstream, type ScriptedUpstream } from "../../testing/upstream.ts";

/** schemathesis reads our own document and asks the running app everything that it says may be asked, and what it forbids. */
let databases: TestPostgres;
let redis: TestRedis;
let upstream: ScriptedUpstream;
let app: AppProcess;
let url: string;
let db: pg.Pool;
let folder: string;
let python: string;

beforeAll(async () => {
  python = await testPython();
  folder = await mkdtemp(join(tmpdir(), "fidus-contract-"));
  await writeFile(join(folder, "docs.html"), "<!doctype html><title>API</title>");
  [databases, redis, upstream] = await Promise.all([startPostgres(), startRedis(), startUpstream()]);
  upstream.answer(speakOpenAi);
  const databaseUrl = await databases.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  db = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  const many = { RATE_LIMIT_PER_CALLER: "1000000", RATE_LIMIT_PER_ADDRESS: "1000000" };
  app = startApp(["api"], { ...apiEnv(databaseUrl, upstream.url), ...many, REDIS_URL: redis.url, FIDUS_WEB_ROOT: folder });
  url = `http://127.0.0.1:${await app.port()}`;
  await until(async () => (await fetch(`${url}/health/ready`)).status === 200, 20_000);
}, 60_000);

afterAll(async () => {
  app?.child.kill("SIGTERM");
  await app?.finished;
  await db?.end();
  await upstream?.close();
  await redis?.stop();
  await databases?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A caller whom nothing that is tried may lock out: for the app their key and account are not there to be changed. */
async function keyOf(role: UserRole): Promise<string> {
  const user = await createUser(db, { email: `${role}@test`, name: role, role, passwordHash: noPassword });
  const scopes = role === "admin" ? scopeNames : scopeNames.filter((scope) => scope !== "admin");
  const { id, apiKey } = await createApiKey(db, { userId: user.id, name: "contract", ttlSeconds: null, scopes });
  await db.query(`
    CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
    CREATE TRIGGER keep_${role} BEFORE UPDATE OF revoked_at ON api_keys FOR EACH ROW WHEN (old.id = '${id}') EXECUTE FUNCTION keep();
    CREATE TRIGGER keep_${role} BEFORE UPDATE OF role, disabled_at ON users FOR EACH ROW WHEN (old.id = '${user.id}') EXECUTE FUNCTION keep();
  `);
  return apiKey;
}

const checks = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  "negative_data_rejection",
];

/** Each role's phases: an administrator reaches every operation, so that a user need not try every border again. */
const phases = {
  user: ["--phases=fuzzing", "--max-examples=5"],
  admin: ["--phases=coverage,fuzzing,stateful", "--max-examples=10"],
};

/** Exit code of schemathesis: 0 when it found nothing; what it printed. */
async function explore(role: UserRole, key: string): Promise<{ exitCode: number | undefined; output: string }> {
  const program = ["-c", "from schemathesis.cli import schemathesis; schemathesis()", "run", `${url}/api/v1/openapi.json`];
  const who = [`--header=Authorization: Bearer ${key}`, "--generation-with-security-parameters=false"];
  const what = [`--checks=${checks.join(",")}`, ...phases[role]];
  const how = ["--seed=7", "--generation-database=none", "--workers=2", "--continue-on-failure", "--no-color", "--warnings=off"];
  const done = await execa(python, [...program, ...who, ...what, ...how], { cwd: folder, reject: false, all: true });
  return { exitCode: done.exitCode, output: done.all };
}

// A minute for an administrator on a quiet machine; the bound is for a busy one.
test.each(["user", "admin"] as const)(
  "asked as %s the API does what its document says, and nothing breaks it [A-06]",
  { timeout: 600_000 },
  async (role) => {
    const key = await keyOf(role);
    const { exitCode, output } = await explore(role, key);
    expect(exitCode, output).toBe(0);
    const { paths } = (await (await fetch(`${url}/api/v1/openapi.json`)).json()) as { paths: Record<string, object> };
    const operations = Object.values(paths).flatMap((methods) => Object.keys(methods));
    // All but the document itself, which schemathesis has read.
    expect(output).toContain(`Tested: ${operations.length - 1}\n`);
    // Nobody was locked out on the way: the later answers are not all refusals.
    const me = await fetch(`${url}/api/v1/auth/me`, { headers: { authorization: `Bearer ${key}` } });
    expect([me.status, await me.json()]).toEqual([200, expect.objectContaining({ email: `${role}@test`, role })]);
  },
);
