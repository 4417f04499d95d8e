import { chmod, mkdir, mkdtemp, readdir, readFile, realpath, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run } from "./run.ts";
import { ensureInstallation, findInstallation, listInstallations, type Installation } from "./installation.ts";
import { resolvePaths, type Paths } from "./paths.ts";

let home = "";
let paths: Paths;
let env: NodeJS.ProcessEnv;

beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), "fidus-installation-")));
  paths = await clone("one");
  env = {};
});

afterEach(() => rm(home, { recursive: true, force: true }));

test("looking finds nothing and makes nothing; asking makes id, passphrase and folders that only the owner may read", async () => {
  expect(await findInstallation({ paths, env })).toBeNull();
  expect(await readdir(home)).toEqual(["one"]);
  const made = await ensureInstallation({ paths, env });
  expect(made.id).toMatch(/^[0-9a-f]{6}$/);
  expect(made).toMatchObject({
    checkout: join(home, "one"),
    folder: join(paths.installations, made.id),
    backendUrl: `file://${made.backendFolder}`,
  });
  expect(await modes(made)).toEqual({ folder: "700", passphrase: "600", backend: "700" });
  expect((await readFile(made.passphraseFile, "utf8")).length).toBeGreaterThan(40);
  expect(JSON.parse(await readFile(join(made.folder, "installation.json"), "utf8"))).toEqual({
    id: made.id,
    checkout: join(home, "one"),
  });
});

test("a data folder that cannot be made is refused at once with the way to another", async () => {
  const elsewhere = resolvePaths({ HOME: home, XDG_DATA_HOME: "/proc/nope" }, join(home, "one"));
  await expect(ensureInstallation({ paths: elsewhere, env })).rejects.toMatchObject({
    problems: [{ path: "/proc/nope", rule: "a folder that can be made", fix: 'export XDG_DATA_HOME="$HOME/.local/share"' }],
  });
});

test("the same checkout finds the same installation, also through a symlink; another checkout gets its own", async () => {
  const first = await ensureInstallation({ paths, env });
  await symlink(join(home, "one"), join(home, "link"));
  expect((await ensureInstallation({ paths: resolve("link"), env })).id).toBe(first.id);
  const other = await ensureInstallation({ paths: await clone("two"), env });
  expect(other.id).not.toBe(first.id);
  expect(await readFile(other.passphraseFile, "utf8")).not.toBe(await readFile(first.passphraseFile, "utf8"));
  expect(await listInstallations(paths)).toHaveLength(2);
});

test("many processes at once make one installation", async () => {
  const program = `
    import { ensureInstallation } from ${JSON.stringify(join(import.meta.dirname, "installation.ts"))};
    import { resolvePaths } from ${JSON.stringify(join(import.meta.dirname, "paths.ts"))};
    console.log((await ensureInstallation({ paths: resolvePaths(process.env, ${JSON.stringify(join(home, "one"))}), env: {} })).id);`;
  const runs = await Promise.all(
    Array.from({ length: 4 }, () =>
      run(process.execPath, ["--input-type=module", "-e", program], { env: { XDG_DATA_HOME: join(home, "data") } }),
    ),
  );
  expect(runs.map(({ code, stderr }) => [code, stderr])).toEqual(runs.map(() => [0, ""]));
  expect(new Set(runs.map(({ stdout }) => stdout)).size).toBe(1);
  expect((await readdir(paths.installations)).filter((name) => !name.startsWith("."))).toHaveLength(1);
}, 30_000);

test("what a killed process left behind is removed by the next creation", async () => {
  await mkdir(join(paths.installations, ".new-abcdef-1", "backend"), { recursive: true });
  const made = await ensureInstallation({ paths, env });
  expect(await readdir(paths.installations)).toEqual([made.id]);
});

test("FIDUS_INSTALLATION picks one and says so when it belongs to another checkout; an unknown one is refused with the list", async () => {
  const first = await ensureInstallation({ paths, env });
  const second = await clone("two");
  const told: string[] = [];
  const picked = await ensureInstallation({
    paths: second,
    env: { FIDUS_INSTALLATION: first.id },
    notice: (text) => told.push(text),
  });
  expect(picked.id).toBe(first.id);
  expect(told).toEqual([expect.stringContaining(`FIDUS_INSTALLATION=${first.id} belongs to ${join(home, "one")}`)]);
  await expect(ensureInstallation({ paths: second, env: { FIDUS_INSTALLATION: "nothex" } })).rejects.toMatchObject({
    exitCode: 2,
    problems: [
      {
        path: "FIDUS_INSTALLATION",
        got: "nothex",
        rule: `one of ${first.id} (${join(home, "one")})`,
        fix: "unset FIDUS_INSTALLATION",
      },
    ],
  });
});

test("a passphrase that others can read is closed again, and the operator is told", async () => {
  const made = await ensureInstallation({ paths, env });
  await chmod(made.passphraseFile, 0o644);
  const told: string[] = [];
  await ensureInstallation({ paths, env, notice: (text) => told.push(text) });
  expect((await modes(made)).passphrase).toBe("600");
  expect(told).toEqual([`${made.passphraseFile}: others could read it (mode 644); it is 600 again.`]);
});

test("a passphrase that is a symlink is refused", async () => {
  const made = await ensureInstallation({ paths, env });
  await rm(made.passphraseFile);
  await writeFile(join(home, "elsewhere"), "secret");
  await symlink(join(home, "elsewhere"), made.passphraseFile);
  await expect(ensureInstallation({ paths, env })).rejects.toMatchObject({
    exitCode: 1,
    problems: [{ path: made.passphraseFile, got: "something that is not a regular file" }],
  });
});

test.skipIf(process.getuid?.() !== 0)("a passphrase of another user is refused", async () => {
  const made = await ensureInstallation({ paths, env });
  await run("chown", ["12345", made.passphraseFile]);
  await expect(ensureInstallation({ paths, env })).rejects.toMatchObject({
    exitCode: 1,
    problems: [{ got: "a file of user 12345" }],
  });
});

test.each([
  ["a stack's state", "backend/.pulumi/stacks/fidus/community.json", "lost"],
  ["a stack's compressed state", "backend/.pulumi/stacks/community.json.gz", "lost"],
  ["a stack's config", "Pulumi.community.yaml", "lost"],
  ["a stack's config", "Pulumi.community.yaml", "empty"],
])("with %s a %s passphrase file stops everything, and no new one is made", async (_name, witness, how) => {
  const made = await ensureInstallation({ paths, env });
  await put(join(made.folder, witness));
  if (how === "lost") await rm(made.passphraseFile);
  else await writeFile(made.passphraseFile, "");
  await expect(ensureInstallation({ paths, env })).rejects.toMatchObject({
    exitCode: 1,
    code: "passphrase-lost",
    problems: [
      {
        path: made.passphraseFile,
        got: how === "lost" ? undefined : "an empty file",
        rule: `the passphrase that ${join(made.folder, witness)} was encrypted with`,
      },
    ],
  });
  expect(await readFile(made.passphraseFile, "utf8").catch(() => "")).toBe("");
});

test("before anything was encrypted a lost passphrase is simply made again", async () => {
  const made = await ensureInstallation({ paths, env });
  await rm(made.passphraseFile);
  await ensureInstallation({ paths, env });
  expect((await modes(made)).passphrase).toBe("600");
});

test("a record that cannot be read is refused with its path and its right form", async () => {
  const made = await ensureInstallation({ paths, env });
  const file = join(made.folder, "installation.json");
  await writeFile(file, "{");
  await expect(findInstallation({ paths, env })).rejects.toMatchObject({ exitCode: 1, problems: [{ path: file, got: "{" }] });
});

function resolve(name: string): Paths {
  return resolvePaths({ HOME: home, XDG_DATA_HOME: join(home, "data"), XDG_CACHE_HOME: join(home, "cache") }, join(home, name));
}

async function clone(name: string): Promise<Paths> {
  await mkdir(join(home, name));
  return resolve(name);
}

async function put(file: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, "encryptionsalt: v1:x\n");
}

async function modes({ folder, passphraseFile, backendFolder }: Installation): Promise<Record<string, string>> {
  const mode = async (file: string): Promise<string> => ((await stat(file)).mode & 0o777).toString(8);
  return { folder: await mode(folder), passphrase: await mode(passphraseFile), backend: await mode(backendFolder) };
}
