import { afterAll, beforeAll, expect, test } from "vitest";
import { migrate } from "../db/migrate.ts";
import { migrationsFolder } from "../resources.ts";
import { addUser, signIn, startApi, type TestApi } from "../testing/api.ts";
import { query, startPostgres, type TestPostgres } from "../testing/postgres.ts";
import { audit, type AuditAction, type AuditPage } from "./audit.ts";

let pg: TestPostgres;
let api: TestApi;
let admin: Record<string, string>;

beforeAll(async () => {
  pg = await startPostgres();
  const databaseUrl = await pg.createDatabase();
  await migrate(databaseUrl, migrationsFolder());
  api = await startApi({ databaseUrl, upstream: "http://127.0.0.1:9/v1" });
  const { user } = await addUser(api.ctx, "root@test");
  await query(databaseUrl, "UPDATE users SET role = 'admin' WHERE id = $1", [user.id]);
  admin = await signIn(api, "root@test");
  const write = (email: string, action: AuditAction, target: string) => audit(api.ctx.db, { id: null, email }, action, target);
  for (let n = 0; n < 205; n++) await write("root@test", "user.change", `person-${n}@test`);
  await write("Ada@test", "user.erase", "bob@test");
  await write("root@test", "user.create", "ada@test");
  await write("100%_sure@test", "user.create", "eve@test");
}, 60_000);

afterAll(async () => {
  await api?.close();
  await pg?.stop();
});

async function read(asked: Record<string, string> = {}): Promise<AuditPage> {
  const response = await fetch(`${api.url}/api/v1/admin/audit?${new URLSearchParams(asked)}`, { headers: admin });
  expect(response.status).toBe(200);
  return (await response.json()) as AuditPage;
}
const targets = async (asked: Record<string, string>) => (await read(asked)).entries.map(({ target }) => target);

test("pages of 100, latest first, join without a gap, and the last one has no next", async () => {
  const all: string[] = [];
  const sizes: number[] = [];
  let next: string | null = null;
  do {
    const page: AuditPage = await read(next === null ? {} : { before: next });
    all.push(...page.entries.map(({ target }) => target));
    sizes.push(page.entries.length);
    ({ next } = page);
  } while (next !== null);
  expect(sizes).toEqual([100, 100, 8]);
  const changed = Array.from({ length: 205 }, (_, n) => `person-${204 - n}@test`);
  expect(all).toEqual(["eve@test", "ada@test", "bob@test", ...changed]);
});

test("a full last page has no next", async () => {
  const { entries } = await read({ action: "user.change", before: String((await read()).next) });
  expect(entries.length).toBe(100);
  const last = await read({ before: entries[7]?.id ?? "" });
  expect([last.entries.length, last.next]).toEqual([100, null]);
});

test("a person is found by part of the address in any case, as who did it and as whom it was done to", async () => {
  expect(await targets({ person: "ADA" })).toEqual(["ada@test", "bob@test"]);
  expect(await targets({ person: "ada", action: "user.erase" })).toEqual(["bob@test"]);
  // No pattern: what is typed is what is looked for.
  expect(await targets({ person: "%_" })).toEqual(["eve@test"]);
  expect(await targets({ person: "nobody" })).toEqual([]);
});

test.each([{ action: "user.fly" }, { person: "" }, { person: "a\0b" }, { before: "x" }])("%j is refused", async (asked) => {
  const response = await fetch(`${api.url}/api/v1/admin/audit?${new URLSearchParams(asked)}`, { headers: admin });
  expect(response.status).toBe(400);
});
