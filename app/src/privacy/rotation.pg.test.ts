import { generateKeySync, randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createPool } from "../db/pool.ts";
import { migrate } from "../db/migrate.ts";
import { createLogger } from "../log.ts";
import { migrationsFolder } from "../resources.ts";
import { until } from "../testing/api.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { runApp, startApp } from "../testing/process.ts";
import { apiEnv, testEncryptionKey } from "../testing/settings.ts";
import { DataKeys } from "./data-keys.ts";
import { KeyRing } from "./ring.ts";

let pg: TestPostgres;
beforeAll(async () => {
  pg = await startPostgres();
}, 60_000);
afterAll(() => pg?.stop());

const newSecret = "a-newer-key-of-32-characters-0123456789";

test("a rotation that was killed in the middle is completed by a second run, and the new key alone opens everything [A-16]", async () => {
  const url = await pg.createDatabase();
  await migrate(url, migrationsFolder());
  const [before, after] = [new KeyRing([testEncryptionKey]), new KeyRing([newSecret])];
  const people = Array.from({ length: 4_000 }, () => {
    const dataKey = generateKeySync("aes", { length: 256 });
    const userId = randomUUID();
    return { userId, dataKey, ...before.wrap(userId, dataKey) };
  });
  await query(
    url,
    "INSERT INTO fidus_keys.data_keys (user_id, key_id, wrapped) SELECT id, $1, wrapped FROM unnest($2::uuid[], $3::bytea[]) AS v (id, wrapped)",
    [before.newest.id, people.map(({ userId }) => userId), people.map(({ wrapped }) => wrapped)],
  );
  const left = async (): Promise<number> =>
    (
      await query<{ n: number }>(url, "SELECT count(*)::int AS n FROM fidus_keys.data_keys WHERE key_id = $1", [before.newest.id])
    )[0]?.n ?? -1;
  const env = { ...apiEnv(url, "http://127.0.0.1:9/v1"), ENCRYPTION_KEY: `${newSecret} ${testEncryptionKey}` };
  const killed = startApp(["worker"], env);
  await until(async () => (await left()) < people.length, 60_000);
  killed.child.kill("SIGKILL");
  await killed.finished;
  expect(await left()).toBeGreaterThan(0);
  const { code, stdout } = await runApp(["admin", "seal", "--json"], env);
  expect([code, JSON.parse(stdout)]).toEqual([
    0,
    {
      unsealed: 0,
      ring: [
        { key: after.newest.id, dataKeys: people.length },
        { key: before.newest.id, dataKeys: 0 },
      ],
      lost: 0,
    },
  ]);
  const db = createPool(url, createLogger("silent", "test", ""), 2);
  try {
    const stored = await db.query<{ userId: string; keyId: string; wrapped: Buffer }>(
      `SELECT user_id AS "userId", key_id AS "keyId", wrapped FROM fidus_keys.data_keys`,
    );
    const opened = new Map(stored.rows.map(({ userId, ...row }) => [userId, after.unwrap(userId, row)]));
    expect(people.filter(({ userId, dataKey }) => opened.get(userId)?.equals(dataKey) !== true)).toEqual([]);
    await expect(new DataKeys(db, before).of(people[0]?.userId ?? "")).rejects.toThrow(/needs [0-9a-f]{12} too/);
  } finally {
    await db.end();
  }
}, 120_000);
