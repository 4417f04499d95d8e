import { afterAll, beforeAll, expect, test } from "vitest";
import { createLogger } from "../log.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { createPool, transaction, type Db } from "./pool.ts";

let postgres: TestPostgres;
let url: string;
let db: Db;

beforeAll(async () => {
  postgres = await startPostgres();
  url = await postgres.createDatabase();
  db = createPool(url, createLogger("silent", "test", "test"));
}, 60_000);

afterAll(async () => {
  await db?.end();
  await postgres?.stop();
});

test(
  "a connection that is lost between two statements fails its transaction, not the process, and the pool goes on",
  { timeout: 30_000 },
  async () => {
    const lost = transaction(db, async (client) => {
      const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
      const ended = new Promise((resolve) => client.once("end", resolve));
      await query(url, "SELECT pg_terminate_backend($1)", [rows[0]?.pid]);
      await ended;
      await client.query("SELECT 1");
    });
    await expect(lost).rejects.toThrow(/terminat|not queryable|closed/i);
    expect((await db.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  },
);
