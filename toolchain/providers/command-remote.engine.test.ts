import { existsSync } from "node:fs";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { EngineProject } from "./testing/engine.ts";
import { otherHostKey, TestSshd } from "./testing/sshd.ts";

/**
 * command:remote against a real OpenSSH server under the real engine.
 * Oracles: doc comments of @pulumi/command remote/command.d.ts and remote/copyToRemote.d.ts; facts/hosts.md section 7.
 */
const secretValue = "correct-horse-battery-staple";
/** The most that engine and SDK print without showing secrets themselves (at 3 the SDK's own debug lines do). */
const verbose = ["--verbose=2", "--logtostderr"] as const;
let sshd: TestSshd;
let project: EngineProject;

beforeAll(async () => {
  sshd = await TestSshd.create();
  await sshd.start();
  project = await EngineProject.create({ logged: true });
}, 30_000);
afterAll(async () => {
  await project[Symbol.asyncDispose]();
  await sshd[Symbol.asyncDispose]();
});
beforeEach(() => project.reset());

const place = (name: string): string => join(sshd.directory, name);
const remote = (args: string, connection = sshd.connection()): string =>
  `const c = new command.remote.Command("c", { connection: ${connection}, ${args} });`;

describe("a remote command", { timeout: 60_000 }, () => {
  test("runs on a host with the pinned key, and a second preview shows no change", async () => {
    await project.program(`${remote(`create: "echo out; echo err >&2; printf %s hello > ${place("ran")}"`)}
      return { out: c.stdout, err: c.stderr, id: c.id };`);
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await project.outputs()).toEqual({ out: "out", err: "err", id: expect.stringMatching(/^c[0-9a-f]{8}$/) });
    expect(await readFile(place("ran"), "utf8")).toBe("hello");
    await project.expectNoChange();
  });

  test("refuses a host with another key before it sends anything, and leaves nothing in the state", async () => {
    await project.program(remote(`create: "touch ${place("never")}"`, sshd.connection({ hostKey: otherHostKey() })));
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain("connection.hostKey: got another host key");
    expect(existsSync(place("never"))).toBe(false);
    expect(await project.resources()).toEqual([]);
  });

  test("keeps dialling a host that refuses until it is up", async () => {
    await using late = await TestSshd.create();
    await project.program(`${remote(`create: "echo up"`, late.connection({ dialErrorLimit: 60 }))}\nreturn { out: c.stdout };`);
    const up = project.start("up", "--yes", "--skip-preview");
    await up.seen("Dial 2/60 failed");
    await late.start();
    expect(await up.ended).toMatchObject({ code: 0 });
    expect(await project.outputs()).toEqual({ out: "up" });
  });

  test("gives up on a host that stays down after dialErrorLimit dials and names it", async () => {
    await using down = await TestSshd.create();
    await project.program(remote(`create: "echo up"`, down.connection({ dialErrorLimit: 2 })));
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain(`@127.0.0.1:${down.port} in 2 dials`);
    expect(output).toContain("ECONNREFUSED");
  });

  test("keeps a secret from stdin out of every log and of the state, even when the script prints it", async () => {
    await project.program(`${remote(`create: "read -r s; echo got $s; echo got $s >&2; printf %s $s > ${place("secret")}", stdin: pulumi.secret("${secretValue}\\n")`)}
      return { out: c.stdout };`);
    const { code, output } = await project.up(...verbose);
    expect(code).toBe(0);
    expect(await readFile(place("secret"), "utf8")).toBe(secretValue);
    expect(output).toContain("got [secret]");
    expect(output).not.toContain(secretValue);
    expect((await project.providerLog()).join("\n")).not.toContain(secretValue);
    expect(await project.stateText()).not.toContain(secretValue);
    expect(await project.outputs()).toEqual({ out: expect.objectContaining({ ciphertext: expect.any(String) }) });
  });

  test("keeps the private key of its connection out of every log and of the state", async () => {
    await project.program(remote(`create: "echo fine"`));
    const { output } = await project.up(...verbose);
    const line = sshd.privateKey.split("\n")[2] ?? "";
    expect(line).toHaveLength(70);
    expect(output).not.toContain(line);
    expect((await project.providerLog()).join("\n")).not.toContain(line);
    expect(await project.stateText()).not.toContain(line);
  });

  test("shows exit code and stderr of a failure without the secret, keeps nothing, and the next up tries again", async () => {
    const script = `read -r s; echo \\"cannot use $s\\" >&2; test -e ${place("repaired")} || exit 3`;
    await project.program(remote(`create: "${script}", stdin: pulumi.secret("${secretValue}\\n"), logging: "none"`));
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain("create: got exit code 3; needs exit code 0.");
    expect(output).toContain("cannot use [secret]");
    expect(output).not.toContain(secretValue);
    expect(await project.resources()).toEqual([]);
    await writeFile(place("repaired"), "");
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await project.resources()).toHaveLength(1);
  });

  test("reports a command whose server dies half-way as failed, and the next up runs it again", async () => {
    await project.program(remote(`create: "touch ${place("started")}; test -e ${place("go")} || { kill -9 $PPID; sleep 30; }"`));
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain("create: got an end by a lost connection");
    expect(existsSync(place("started"))).toBe(true);
    expect(await project.resources()).toEqual([]);
    await writeFile(place("go"), "");
    expect(await project.up()).toMatchObject({ code: 0 });
    await project.expectNoChange();
  });

  test("runs update for a changed input, create where there is none, and keeps the old inputs when that fails", async () => {
    await rm(place("log"), { force: true });
    await project.program(
      remote(`create: "echo create >> ${place("log")}", update: "echo update >> ${place("log")}", stdin: "1"`),
    );
    expect(await project.up()).toMatchObject({ code: 0 });
    await project.program(
      remote(`create: "echo create >> ${place("log")}", update: "echo update >> ${place("log")}", stdin: "2"`),
    );
    expect(await project.up()).toMatchObject({ code: 0 });
    await project.program(remote(`create: "echo again >> ${place("log")}; exit 4"`));
    expect(await project.up()).not.toMatchObject({ code: 0 });
    expect(await readFile(place("log"), "utf8")).toBe("create\nupdate\nagain\n");
    expect((await project.resources())[0]?.inputs).toMatchObject({ stdin: "2" });
    await project.program(remote(`create: "echo again >> ${place("log")}"`));
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await readFile(place("log"), "utf8")).toBe("create\nupdate\nagain\nagain\n");
  });

  test("replaces for changed triggers and runs delete of the old one, with the output of the last run in its environment", async () => {
    await rm(place("log"), { force: true });
    const command = (trigger: number): string =>
      remote(`create: "echo made", delete: "echo gone $PULUMI_COMMAND_STDOUT >> ${place("log")}", triggers: [${trigger}]`);
    await project.program(command(1));
    expect(await project.up()).toMatchObject({ code: 0 });
    const before = (await project.resources())[0]?.id;
    await project.program(command(2));
    expect(await project.up()).toMatchObject({ code: 0 });
    expect((await project.resources())[0]?.id).not.toBe(before);
    expect(await readFile(place("log"), "utf8")).toBe("gone made\n");
  });

  test("passes environment variables that the server accepts", async () => {
    await project.program(`${remote(`create: "echo $FIDUS_A", environment: { FIDUS_A: "yes" }`)}\nreturn { out: c.stdout };`);
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await project.outputs()).toEqual({ out: "yes" });
  });

  test("refuses environment variables that the server would drop", async () => {
    await project.program(remote(`create: "touch ${place("dropped")}", environment: { OTHER: "yes" }`));
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain('Add "AcceptEnv OTHER" to its sshd_config');
    expect(existsSync(place("dropped"))).toBe(false);
  });

  test("goes through a bastion, and refuses one with another key", async () => {
    await using bastion = await TestSshd.create();
    await bastion.start();
    const over = (hostKey: string): string => {
      const { port, user, privateKey } = bastion;
      return sshd.connection({ proxy: { host: "127.0.0.1", port, user, privateKey, hostKey } });
    };
    await project.program(
      `${remote(`create: "echo \${SSH_CONNECTION##* }"`, over(bastion.hostKey))}\nreturn { port: c.stdout };`,
    );
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await project.outputs()).toEqual({ port: String(sshd.port) });
    await project.program(remote(`create: "echo again"`, over(otherHostKey())));
    expect((await project.up()).output).toContain("connection.proxy.hostKey: got another host key");
  });

  test("stops when the user interrupts, keeps nothing, and the next up runs it again", async () => {
    await project.program(remote(`create: "test -e ${place("quick")} && exit 0; echo waiting; exec sleep 300"`));
    const up = project.start("up", "--yes", "--skip-preview");
    await up.seen("waiting");
    up.process.kill("SIGINT");
    const { code, output } = await up.ended;
    expect(code).not.toBe(0);
    expect(output).toContain("create: got a cancel");
    expect(await project.resources()).toEqual([]);
    await writeFile(place("quick"), "");
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await project.resources()).toHaveLength(1);
  });

  test("previews a command with an unknown input without running it", async () => {
    await project.program(`const id = new random.RandomId("id", { byteLength: 4 });
      const c = new command.remote.Command("c", { connection: ${sshd.connection()}, create: pulumi.interpolate\`touch ${place("preview")}-\${id.hex}\` });
      return { out: c.stdout };`);
    const { code, output } = await project.run("preview");
    expect(code).toBe(0);
    expect(output).toContain("out: [unknown]");
    expect(output).toContain("+ 3 to create"); // the stack is the third
  });

  test("rejects an unknown field of the connection without showing its value", async () => {
    await project.program(remote(`create: "echo"`, sshd.connection({ pasword: secretValue }) + " as never"));
    const { code, output } = await project.up();
    expect(code).not.toBe(0);
    expect(output).toContain('Unrecognized key: "pasword"');
    expect(output).not.toContain(secretValue);
  });
});

describe("CopyToRemote", { timeout: 60_000 }, () => {
  const copy = (source: string, to: string): string =>
    `new command.remote.CopyToRemote("f", { connection: ${sshd.connection()}, source: ${source}, remotePath: "${to}" });`;

  test("writes text, makes parent folders, writes again on change, and shows no change afterwards", async () => {
    await project.program(copy('new pulumi.asset.StringAsset("one")', place("a/b/text")));
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await readFile(place("a/b/text"), "utf8")).toBe("one");
    await project.expectNoChange();
    await project.program(copy('new pulumi.asset.StringAsset("two")', place("a/b/text")));
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await readFile(place("a/b/text"), "utf8")).toBe("two");
  });

  test("copies a folder under its name, and its content when the path ends in a slash", async () => {
    await mkdir(place("from/deep"), { recursive: true });
    await writeFile(place("from/deep/file"), "content");
    await project.program(copy(`new pulumi.asset.FileArchive("${place("from")}")`, place("to")));
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await readFile(place("to/from/deep/file"), "utf8")).toBe("content");
    await project.program(copy(`new pulumi.asset.FileArchive("${place("from")}/")`, place("into")));
    expect(await project.up()).toMatchObject({ code: 0 });
    expect(await readFile(place("into/deep/file"), "utf8")).toBe("content");
  });

  test("refuses text for a path that is a folder", async () => {
    await mkdir(place("folder"), { recursive: true });
    await project.program(copy('new pulumi.asset.StringAsset("one")', place("folder")));
    expect((await project.up()).output).toContain("a directory; needs a file path for a text asset");
    expect(await project.resources()).toEqual([]);
  });
});
