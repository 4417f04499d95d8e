import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { query, startPostgres, type TestPostgres } from "../../app/src/testing/postgres.ts";
import { EngineProject } from "../../toolchain/providers/testing/engine.ts";
import { TestSshd } from "../../toolchain/providers/testing/sshd.ts";

/** restore(host, backup) on the real engine, over a real SSH server, into a real PostgreSQL. */
let sshd: TestSshd;
let project: EngineProject;
let pg: TestPostgres;
let url: string;
const patience = { timeout: 120_000 };

beforeAll(async () => {
  [sshd, project, pg] = await Promise.all([TestSshd.create(), EngineProject.create(), startPostgres()]);
  await sshd.start();
}, 60_000);
afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
  await pg.stop();
});
beforeEach(async () => {
  await project.reset();
  url = await pg.createDatabase();
  await query(url, "CREATE TABLE notes AS SELECT 'kept in the backup' AS text");
});

const database = (): string => new URL(url).pathname.slice(1);
const notes = async (of = url): Promise<unknown[]> =>
  (await query(of, "SELECT text FROM notes ORDER BY 1")).map(({ text }) => text);
const names = async (): Promise<unknown[]> =>
  (await query(url, "SELECT datname FROM pg_database WHERE datname LIKE $1 ORDER BY 1", [`${database()}%`])).map(
    ({ datname }) => datname,
  );

/** Dumps the database as it is. */
function dump(name: string): { file: string; sha256: string } {
  const file = join(sshd.directory, name);
  execFileSync("pg_dump", ["--format=custom", `--file=${file}`, url]);
  return { file, sha256: createHash("sha256").update(readFileSync(file)).digest("hex") };
}

async function configure(backup: { file: string; sha256: string }, machine = "one"): Promise<void> {
  const { port, user, hostKey, privateKey } = sshd;
  const server = { address: "127.0.0.1", port: pg.port, user: "fidus", password: "not-to-be-seen", database: database() };
  await project.program(`
    const { restore } = await import(${JSON.stringify(join(import.meta.dirname, "../../infra/backup/restore.ts"))});
    const host = { name: "db", address: pulumi.output("127.0.0.1"), port: ${port}, user: ${JSON.stringify(user)},
      hostKey: pulumi.output(${JSON.stringify(hostKey)}), privateKey: pulumi.secret(${JSON.stringify(privateKey)}),
      machine: pulumi.output(${JSON.stringify(machine)}), publicAddresses: [] };
    const { result } = restore("restore", { host, server: ${JSON.stringify(server)}, backup: ${JSON.stringify(backup)} });
    return { result };`);
}

test("a backup takes the place of the database, what was there is kept, and no secret is shown", patience, async () => {
  const backup = dump("good");
  await query(url, "INSERT INTO notes VALUES ('written since')");
  await configure(backup);
  const { code, output } = await project.up();
  expect([code, output.includes("not-to-be-seen")]).toEqual([0, false]);
  expect(await project.outputs()).toEqual({ result: { changed: true, version: backup.sha256 } });
  expect(await notes()).toEqual(["kept in the backup"]);
  const kept = `${database()}_before_${backup.sha256.slice(0, 12)}`;
  expect(await names()).toEqual([database(), kept]);
  expect(await notes(url.replace(database(), kept))).toEqual(["kept in the backup", "written since"]);
  expect(await project.stateText()).not.toContain("not-to-be-seen");
  await project.expectNoChange();
});

test("a restore that has happened is not repeated, whatever was written since", patience, async () => {
  const backup = dump("once");
  await configure(backup);
  await project.up();
  await query(url, "INSERT INTO notes VALUES ('after the restore')");
  await configure(backup, "another");
  expect(await project.up()).toMatchObject({ code: 0 });
  expect(await project.outputs()).toEqual({ result: { changed: false, version: backup.sha256 } });
  expect(await notes()).toEqual(["after the restore", "kept in the backup"]);
});

test.each([
  ["missing", "got no file", (backup: { file: string }) => ({ ...backup, file: `${backup.file}.gone` })],
  ["damaged", "this one is damaged, or another", (backup: { file: string }) => backup],
] as const)(
  "a backup that is %s fails the up with its reason, and the database stays as it was",
  patience,
  async (name, says, change) => {
    const backup = dump(name);
    if (name === "damaged") writeFileSync(backup.file, "no dump");
    await configure({ ...backup, ...change(backup) });
    const { code, output } = await project.up();
    expect([code === 0, output]).toEqual([false, expect.stringContaining(says)]);
    expect([await notes(), await names()]).toEqual([["kept in the backup"], [database()]]);
  },
);

test("a file that is no dump leaves no half restored database behind", patience, async () => {
  const file = join(sshd.directory, "text");
  writeFileSync(file, "no dump");
  await configure({ file, sha256: createHash("sha256").update("no dump").digest("hex") });
  expect((await project.up()).code).not.toBe(0);
  expect([await notes(), await names()]).toEqual([["kept in the backup"], [database()]]);
});
