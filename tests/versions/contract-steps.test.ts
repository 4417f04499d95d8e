import { describe, expect, test } from "vitest";
import { migrationEffect } from "./contract-steps.ts";

const contracts = async (sql: string): Promise<readonly string[]> => (await migrationEffect(sql)).contracts;

describe("a migration only adds when it", () => {
  test.each([
    "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)",
    "ALTER TABLE users ADD COLUMN nick text",
    "ALTER TABLE users ADD COLUMN tenant text NOT NULL DEFAULT 'default', ADD COLUMN place int GENERATED ALWAYS AS IDENTITY",
    "ALTER TABLE users ALTER COLUMN name SET DEFAULT '', ALTER COLUMN name DROP NOT NULL, DROP CONSTRAINT users_email_check",
    "CREATE INDEX users_name ON users (name)",
    "CREATE TABLE t (id int); CREATE UNIQUE INDEX t_id ON t (id); ALTER TABLE t ADD CHECK (id > 0), ALTER COLUMN id SET NOT NULL",
    "CREATE SCHEMA s; CREATE TABLE s.t (id int); ALTER TABLE s.t ADD PRIMARY KEY (id)",
    "ALTER TABLE users ADD COLUMN nick text; UPDATE users SET nick = name",
    "CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'DELETE FROM users; SELECT 1'",
  ])("says %s", async (sql) => {
    expect(await migrationEffect(sql)).toEqual({ contracts: [], floor: null });
  });
});

describe("a migration takes something away when it", () => {
  test.each([
    ["ALTER TABLE users DROP COLUMN name", ["AT_DropColumn users.name"]],
    ["ALTER TABLE users RENAME COLUMN name TO nick", ["RenameStmt"]],
    ["ALTER TABLE users RENAME TO people", ["RenameStmt"]],
    ["ALTER TABLE users ALTER COLUMN name TYPE varchar(9)", ["AT_AlterColumnType users.name"]],
    ["ALTER TABLE users ALTER COLUMN nick SET NOT NULL", ["AT_SetNotNull users.nick"]],
    ["ALTER TABLE users ALTER COLUMN tenant DROP DEFAULT", ["AT_ColumnDefault users.tenant"]],
    ["ALTER TABLE users ADD COLUMN nick text NOT NULL", ["AT_AddColumn users.nick"]],
    ["ALTER TABLE users ADD CONSTRAINT short CHECK (length(name) < 9)", ["AT_AddConstraint users.short"]],
    ["CREATE UNIQUE INDEX one_name ON users (name)", ["unique IndexStmt one_name"]],
    ["DROP TABLE users", ["DropStmt"]],
    ["DROP FUNCTION budget_period()", ["DropStmt"]],
    ["ALTER TYPE jobs.job_state RENAME VALUE 'retry' TO 'again'", ["AlterEnumStmt"]],
    ["UPDATE messages SET content = ''", ["UpdateStmt messages"]],
    ["DELETE FROM sessions; TRUNCATE messages", ["DeleteStmt", "TruncateStmt"]],
    ["CREATE SCHEMA s; ALTER TABLE users DROP COLUMN name", ["AT_DropColumn users.name"]],
    ["DO $$ BEGIN DROP TABLE users; END $$", ["DoStmt"]],
  ])("says %s", async (sql, expected) => {
    expect(await contracts(sql)).toEqual(expected);
  });
});

test("a migration's floor is the number of its last UPDATE schema_floor", async () => {
  const sql = "ALTER TABLE users DROP COLUMN name; UPDATE schema_floor SET version = 15";
  expect(await migrationEffect(sql)).toEqual({ contracts: ["AT_DropColumn users.name"], floor: 15 });
});

test("what PostgreSQL cannot read is an error", async () => {
  await expect(migrationEffect("ALTER TABEL users")).rejects.toThrow(/syntax error/);
});
