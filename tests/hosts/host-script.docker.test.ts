import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { EngineProject } from "../../toolchain/providers/testing/engine.ts";
import { TestHost } from "./test-host.ts";

/** restore(host, backup) on a Debian 13 machine with systemd and PostgreSQL, over SSH, by the real engine; never signed in as root. */
let host: TestHost;
let project: EngineProject;
let sha256: string;
const password = "not-to-be-seen";
const file = "/var/backups/notes.dump";

/** As the administrator of the machine's own PostgreSQL. */
const sql = (text: string, database = "notes"): Promise<string> =>
  host.run(`runuser --user postgres -- psql --no-psqlrc --tuples-only --no-align --dbname ${database}`, text);

beforeAll(async () => {
  const packages = ["jq", "postgresql", "postgresql-client"];
  [host, project] = await Promise.all([TestHost.start({ name: "script", packages }), EngineProject.create()]);
  for (const user of ["deploy", "guest"])
    await host.run(
      `useradd --create-home ${user} && mkdir ~${user}/.ssh && cp ~/.ssh/authorized_keys ~${user}/.ssh/ && chown -R ${user}: ~${user}/.ssh`,
    );
  await host.run("echo 'deploy ALL=(ALL) NOPASSWD: ALL' | install -m 440 /dev/stdin /etc/sudoers.d/deploy && visudo --check");
  await sql(`CREATE ROLE fidus LOGIN SUPERUSER PASSWORD '${password}'`, "postgres");
  await sql("CREATE DATABASE notes OWNER fidus", "postgres");
  await sql("CREATE TABLE notes AS SELECT 'kept in the backup' AS text");
  // Only root may read it.
  await host.run(`umask 077; runuser --user postgres -- pg_dump --format custom notes > ${file}`);
  sha256 = (await host.run(`sha256sum ${file}`)).split(" ")[0] ?? "";
  await sql("INSERT INTO notes VALUES ('written since')");
}, 900_000);

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await host?.stop();
}, 120_000);

async function restoreAs(user: string): Promise<void> {
  const server = { address: "127.0.0.1", port: 5432, user: "fidus", password, database: "notes" };
  await project.program(`
    const { restore } = await import(${JSON.stringify(join(import.meta.dirname, "../../infra/backup/restore.ts"))});
    const host = { name: "db", address: pulumi.output(${JSON.stringify(host.address)}), port: 22, user: ${JSON.stringify(user)},
      hostKey: pulumi.output(${JSON.stringify(host.hostKey)}), privateKey: pulumi.secret(${JSON.stringify(host.privateKey)}),
      machine: pulumi.output("one"), publicAddresses: [] };
    const { result } = restore("restore", { host, server: ${JSON.stringify(server)}, backup: ${JSON.stringify({ file, sha256 })} });
    return { result };`);
}

const notes = async (): Promise<string[]> => (await sql("SELECT text FROM notes ORDER BY 1")).trim().split("\n");

test("a user without sudo changes nothing on the machine, and the reason is said", async () => {
  await restoreAs("guest");
  const { code, output } = await project.up();
  expect([code === 0, output]).toEqual([false, expect.stringMatching(/sudo: a password is required/)]);
  expect(await notes()).toEqual(["kept in the backup", "written since"]);
}, 120_000);

test("a user with sudo restores what only root may read; no password is in output, state or the machine's journal", async () => {
  await restoreAs("deploy");
  const { code, output } = await project.up();
  expect(code, output).toBe(0);
  expect(await project.outputs()).toEqual({ result: { changed: true, version: sha256 } });
  expect(await notes()).toEqual(["kept in the backup"]);
  expect(await sql("SELECT text FROM notes ORDER BY 1", `notes_before_${sha256.slice(0, 12)}`)).toContain("written since");
  const journal = await host.run("journalctl --no-pager");
  expect(journal).toMatch(/sudo.*deploy : .*USER=root ; COMMAND=\/usr\/bin\/bash -c/);
  expect(journal).toMatch(/Accepted publickey for deploy/);
  for (const text of [output, await project.stateText(), journal]) expect(text).not.toContain(password);
  await project.expectNoChange();
}, 120_000);
