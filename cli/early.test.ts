import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { run, type RunResult } from "./run.ts";

// The real CLI with a docker command that only keeps a list of what it was asked: wrong input is found without any engine.
let home = "";
let env: Record<string, string>;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "fidus-early-"));
  mkdirSync(join(home, "bin"));
  const cli = `#!/bin/sh\nexec '${process.execPath}' '${join(import.meta.dirname, "main.ts")}' "$@"\n`;
  writeFileSync(join(home, "fidus"), cli, { mode: 0o755 });
  const script = '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "$*" >> "$HOME/asked"; echo "nobody is there" >&2; exit 1\n';
  writeFileSync(join(home, "bin/docker"), script, { mode: 0o755 });
  env = {
    HOME: home,
    PATH: `${join(home, "bin")}:${dirname(process.execPath)}:/usr/bin:/bin`,
    XDG_DATA_HOME: join(home, "data"),
    XDG_CACHE_HOME: join(home, "cache"),
    DOCKER_HOST: `unix://${home}/none.sock`,
    FIDUS_INSTALLATION: "",
  };
});

afterEach(() => rmSync(home, { recursive: true, force: true }));

interface Failure {
  readonly error: {
    readonly code: string;
    readonly problems: readonly { path: string; got: unknown; rule: string; fix: string }[];
  };
}

/** As pasted into a shell where `./fidus` is. */
const paste = (command: string): Promise<RunResult> => run("sh", ["-c", command], { env, cwd: home });
const engineAsked = (): boolean => existsSync(join(home, "asked"));

async function failed(
  command: string,
): Promise<{ readonly code: number; readonly error: Failure["error"]; readonly text: string }> {
  const { code, stdout, stderr } = await paste(`${command} --json`);
  return { code, error: (JSON.parse(stdout) as Failure).error, text: stderr };
}

/** The config of the only installation. */
function configFile(): string {
  const folder = join(home, "data/fidus/installations");
  const [id = ""] = readdirSync(folder).filter((name) => !name.startsWith("."));
  return join(folder, id, "Pulumi.community.yaml");
}

/** All settings are good: `up` comes as far as the engine, which nobody has started here. */
async function reachesTheEngine(): Promise<void> {
  const { code, error } = await failed("./fidus up");
  expect({ code, path: error.problems.map(({ path }) => path) }).toEqual({ code: 1, path: ["DOCKER_HOST"] });
  expect(engineAsked()).toBe(true);
}

test("everything wrong on the command line is refused at once, before there is an installation", async () => {
  const { code, error, text } = await failed("./fidus up --runtime gpt --port 99999 --email ada");
  expect(code).toBe(2);
  expect(error.problems.map(({ path, got }) => [path, got])).toEqual([
    ["--runtime", "gpt"],
    ["--port", "99999"],
    ["--email", "ada"],
  ]);
  expect(text).toContain('--port: got "99999"; needs a whole number from 1 to 65535. ./fidus choose --port 3000');
  expect([existsSync(join(home, "data/fidus/installations")), engineAsked()]).toEqual([false, false]);
  // Each command that was named is taken.
  for (const { fix } of error.problems.slice(0, 2)) expect(await paste(fix), fix).toMatchObject({ code: 0 });
  expect(readFileSync(configFile(), "utf8")).toContain('fidus:pagePort: "3000"');
}, 120_000);

test("settings that cannot go together stop the up before the engine, all at once, and the commands named repair them", async () => {
  expect((await paste("./fidus choose --port 3000 --api-port 3000")).stderr).toContain(
    "before the next up: apiPort: got 3000; needs a port of its own. ./fidus choose --api-port 3001",
  );
  const file = configFile();
  writeFileSync(file, `${readFileSync(file, "utf8")}  fidus:imageSource: registry\n  fidus:llmRuntime: openai\n`);
  const before = readFileSync(file, "utf8");
  const { code, error, text } = await failed("./fidus up");
  expect(code).toBe(2);
  expect(error.problems).toEqual([
    {
      path: "llmApiKey",
      rule: "a key for llmRuntime openai",
      fix: "pulumi config set --secret llmApiKey",
    },
    {
      path: "imageRegistry",
      rule: "a host and path for imageSource registry",
      fix: "./fidus choose --no-registry",
    },
    { path: "apiPort", got: 3000, rule: "a port of its own", fix: "./fidus choose --api-port 3001" },
  ]);
  expect(text).toContain('Before a pulumi command: eval "$(./fidus env)"');
  expect(engineAsked()).toBe(false);
  expect(readFileSync(file, "utf8")).toBe(before);
  for (const { fix } of error.problems.slice(1)) expect(await paste(fix), fix).toMatchObject({ code: 0 });
  expect(await paste("./fidus choose --runtime auto")).toMatchObject({ code: 0 });
  await reachesTheEngine();
}, 120_000);

test("malformed keys and broken rules are named together, and a host that refuses leaves no choice recorded", async () => {
  expect(await paste("./fidus choose --model llama3.1:8b")).toMatchObject({ code: 0 });
  const file = configFile();
  const good = readFileSync(file, "utf8");
  writeFileSync(file, `${good}  fidus:apiReplicas: many\n  fidus:pageprot: "3000"\n  fidus:domain: fidus.example\n`);
  const { code, error } = await failed("./fidus up --port 3100");
  expect(code).toBe(2);
  expect(error.problems.map(({ path, fix }) => `${path}: ${fix}`)).toEqual([
    "pageprot: pulumi config rm pageprot",
    "apiReplicas: pulumi config set apiReplicas 1",
    "domain: pulumi config set --secret tlsPrivateKey < key.pem; pulumi config set --secret tlsCertificate < chain.pem",
  ]);
  writeFileSync(file, good);
  expect((await paste("./fidus up --port 3100")).code).toBe(1);
  expect(readFileSync(file, "utf8")).toBe(good);
}, 120_000);

test("another passphrase is found before anything is fetched, and the right one put back goes on", async () => {
  expect(await paste("./fidus choose --port 3100")).toMatchObject({ code: 0 });
  const file = configFile();
  // Written by `pulumi stack init` v3.259.0 with PULUMI_CONFIG_PASSPHRASE="correct horse".
  const salt = "v1:xUq0aPlt6Uk=:v1:Vhjs/3WFqXvPc5uC:GFWseuV+RQ9nwRFWd0S+c7x8dLJxiw==";
  writeFileSync(file, `${readFileSync(file, "utf8")}encryptionsalt: ${salt}\n`);
  const passphrase = join(dirname(file), "passphrase");
  const before = readFileSync(passphrase, "utf8");
  const { code, error } = await failed("./fidus up");
  expect(code).toBe(1);
  expect(error).toMatchObject({ code: "passphrase-lost", problems: [{ path: passphrase, got: "another passphrase" }] });
  expect(readFileSync(passphrase, "utf8")).toBe(before);
  expect(readdirSync(join(home, "cache/fidus"))).not.toContain("toolchain");
  writeFileSync(join(home, "backup"), "correct horse");
  const restore = String(error.problems[0]?.fix).split(";")[0] ?? "";
  expect(await paste(restore.replace("YOUR-BACKUP", join(home, "backup")))).toMatchObject({ code: 0 });
  await reachesTheEngine();
}, 120_000);
