import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { complete } from "../infra/config/testing.ts";
import { acmeTrio, writeStacks, type StackEntries } from "./testing-stacks.ts";
import { runCli, type Ended } from "./testing.ts";

// Without a toolchain: whatever needs the engine would fail here.
let home = "";
beforeEach(() => void (home = mkdtempSync(join(tmpdir(), "fidus-config-"))));
afterEach(() => rmSync(home, { recursive: true, force: true }));

const fidus = (...args: string[]): Promise<Ended> => runCli(home, args);
const configured = (stacks: StackEntries): Promise<void> => writeStacks(home, stacks);

const { "acme-global": global, "acme-eu-central-1": frankfurt, "acme-eu-west-1": ireland } = acmeTrio;

describe("init", () => {
  test.each([
    [["init", "--name", "acme"], "missing required argument 'edition'"],
    [["init", "starter"], "required option '--name <stack>' not specified"],
    [
      ["init", "stater", "--name", "acme"],
      'edition: got "stater"; needs one of community, starter, pro, enterprise. ./fidus init starter --name STACK',
    ],
    [["init", "starter", "--name", "../acme"], 'stack: got "../acme"; needs 2 to 40'],
    [
      ["init", "starter", "--name", "acme", "--env", "production"],
      '--env: got "production"; needs one of dev, staging, prod. --env prod',
    ],
    [
      ["init", "starter", "--name", "acme", "--name", "other"],
      "'--name <stack>' argument 'other' is invalid. It is there twice.",
    ],
    [["init", "starter", "--name", "acme", "--env", "dev", "--env", "prod"], "argument 'prod' is invalid. It is there twice."],
    [["init", "starter", "--name", "acme", "--regions", "eu-west-1,eu-west-3"], "not to be given for starter"],
    [
      ["init", "enterprise", "--name", "acme", "--regions", "eu-west-1,eu-west-1"],
      '--regions: got "eu-west-1,eu-west-1"; needs two different regions',
    ],
    [["init", "starter", "--name", "pro"], '--name: got "pro"; needs a name that is not that of another edition'],
  ])("%j is refused, exit 2, and makes nothing", async (args, message) => {
    const { code, stdout, stderr } = await fidus(...args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(message);
    expect(existsSync(join(home, "data"))).toBe(false);
  });

  test("a name that exists is refused, exit 2, and its configuration stays as it was", async () => {
    await configured({ acme: complete.starter, ...{ "big-global": global } });
    for (const [edition, name] of [
      ["starter", "acme"],
      ["pro", "acme"],
      ["enterprise", "acme"],
      ["enterprise", "big"],
      ["starter", "big"],
    ] as const) {
      const { code, stderr } = await fidus("init", edition, "--name", name);
      expect(code, stderr).toBe(2);
      expect(stderr).toMatch(
        new RegExp(
          `--name: got "${name}"; needs a name that is free: stack (acme|big-global) exists. ./fidus init ${edition} --name ${name}-2`,
        ),
      );
    }
    expect(JSON.parse((await fidus("config", "check", "big-global", "--json")).stdout)).toMatchObject({ ok: true });
  });

  test("a region's name that belongs to another edition is refused", async () => {
    await configured({ "acme-eu-west-1": complete.starter });
    const { code, stderr } = await fidus("init", "enterprise", "--name", "acme");
    expect(code).toBe(2);
    expect(stderr).toContain('--name: got "acme-eu-west-1"; needs a free name; a stack of edition starter has it');
  });
});

describe("config check", () => {
  test("names every problem of a stack at once, exit 2, in the house form and as JSON", async () => {
    const { domain: _, ...rest } = complete["enterprise-global"];
    await configured({
      acme: { ...rest, environment: "prodution", witnessregion: "eu-north-1", secondaryRegion: "eu-central-1" },
    });
    const { code, stdout, stderr } = await fidus("config", "check", "acme", "--json");
    expect(code).toBe(2);
    expect(stderr).toContain('before a `pulumi config`: eval "$(./fidus env acme)"');
    const { error } = JSON.parse(stdout) as { error: { code: string; problems: { path: string; fix: string }[] } };
    expect(error.code).toBe("wrong-input");
    expect(error.problems.map(({ path, fix }) => `${path}: ${fix}`)).toEqual([
      "witnessregion: pulumi config rm witnessregion",
      "environment: pulumi config set environment production",
      "domain: pulumi config set domain assistant.example.com",
      "secondaryRegion: pulumi config set secondaryRegion eu-west-1",
    ]);
    expect(stderr).toContain("needs a key of edition enterprise-global (did you mean witnessRegion?)");
  });

  test("a secret in plain text is refused without repeating it [X-01]", async () => {
    await configured({ acme: complete.starter });
    const { code, stdout, stderr } = await fidus("config", "check", "acme", "--json");
    expect(code).toBe(2);
    expect(stderr).toContain('hcloudToken: got "a plain text"; needs a secret');
    expect(stdout + stderr).not.toContain(String(complete.starter["hcloudToken"]));
  });

  test("says ok with what is right, and leaves a provider's own keys to the engine", async () => {
    await configured({ acme: { ...global, "aws:region": "eu-north-1" } });
    expect(await fidus("config", "check", "acme")).toEqual({ code: 0, stdout: "acme: ok (enterprise-global)\n", stderr: "" });
  });

  test("what the first up of community chooses is not missing yet", async () => {
    await configured({ acme: { edition: "community", installation: "a1b2c3" } });
    expect(await fidus("config", "check", "acme")).toMatchObject({ code: 0, stdout: "acme: ok (community)\n" });
  });

  test("values that the file holds as numbers and truth values are read as their text", async () => {
    await configured({ "acme-eu-central-1": { ...frankfurt, awsAccountId: 210987654321, gpuNodes: 2, kubernetesVersion: 1.36 } });
    expect(await fidus("config", "check", "acme-eu-central-1")).toMatchObject({ code: 0 });
  });

  test("of an enterprise NAME looks at all its stacks", async () => {
    await configured(acmeTrio);
    const { code, stdout } = await fidus("config", "check", "acme", "--json");
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual({
      ok: true,
      stacks: [
        { stack: "acme-global", edition: "enterprise-global" },
        { stack: "acme-eu-central-1", edition: "enterprise-region" },
        { stack: "acme-eu-west-1", edition: "enterprise-region" },
      ],
      warnings: ["eu-west-1", "eu-central-1"].map(
        (peer) => `backups are not copied to ${peer}: when its stack exists, pulumi config set peerExists true`,
      ),
    });
  });

  test("of an enterprise NAME tells what each stack lacks and what they do not agree on, at once", async () => {
    await configured({
      "acme-global": { ...global, secondaryRegion: "us-east-1" },
      "acme-eu-central-1": { ...frankfurt, alertEmail: "nobody" },
      "acme-eu-west-1": { ...ireland, vpcRange: "10.40.0.0/17", domain: "other.fidus.test", environment: "staging" },
    });
    const { code, stderr } = await fidus("config", "check", "acme");
    expect(code).toBe(2);
    const lines = stderr.split("\n").filter((line) => line.startsWith("  acme"));
    expect(lines.map((line) => line.trim().replace(/; needs.*?\. (pulumi|\.\/)/, " → $1"))).toEqual([
      'acme-eu-central-1: alertEmail: got "nobody" → pulumi config set alertEmail ops@example.com',
      'acme-global: secondaryRegion: got "us-east-1" → pulumi config set secondaryRegion eu-west-1',
      'acme-eu-central-1: peerRegion: got "eu-west-1" → pulumi config set peerRegion us-east-1',
      'acme-eu-west-1: domain: got "other.fidus.test" → pulumi config set domain assistant.fidus.test',
      'acme-eu-west-1: environment: got "staging" → pulumi config set environment production',
      'acme-eu-west-1: region: got "eu-west-1" → pulumi destroy --stack acme-eu-west-1 && pulumi stack rm acme-eu-west-1',
      'acme-eu-west-1: vpcRange: got "10.40.0.0/17" → pulumi config set vpcRange 10.41.0.0/16',
    ]);
    expect(stderr).toContain("us-east-1 holds the control planes");
  });

  test.each([["nothing"], ["acme-"], ["../acme"]])("of %j is refused, exit 2", async (name) => {
    await configured(acmeTrio);
    expect((await fidus("config", "check", name)).code).toBe(2);
  });

  test.each([
    ["acmee-eu-central-1", "Did you mean acme-eu-central-1?"],
    ["acmes", "Did you mean acme?"],
    ["pro", "./fidus init pro --name pro"],
    ["something", "./fidus init starter --name something"],
  ])("of %j names what may have been meant", async (name, fix) => {
    await configured(acmeTrio);
    expect((await fidus("config", "check", name)).stderr).toContain(fix);
  });

  test("with another passphrase than the secrets' is exit 1 and names its file, without an engine", async () => {
    await configured({ acme: complete.starter });
    const [folder = ""] = readdirSync(join(home, "data", "fidus", "installations"));
    const file = join(home, "data", "fidus", "installations", folder, "Pulumi.acme.yaml");
    // Written by `pulumi stack init` with another passphrase than the installation's.
    const salt = "v1:xUq0aPlt6Uk=:v1:Vhjs/3WFqXvPc5uC:GFWseuV+RQ9nwRFWd0S+c7x8dLJxiw==";
    writeFileSync(
      file,
      stringify({ config: { "fidus:edition": "starter", "fidus:hcloudToken": { secure: "v1:a:b" } }, encryptionsalt: salt }),
    );
    const { code, stderr } = await fidus("config", "check", "acme");
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining('passphrase: got "another passphrase"; needs the passphrase that'),
    ]);
  });

  test("of a stack of an edition that is none names the one that was meant, and where it is written", async () => {
    await configured({ acme: { ...complete.pro, edition: "startr" } });
    const { code, stderr } = await fidus("config", "check", "acme");
    expect(code).toBe(2);
    expect(stderr).toMatch(
      /edition: got "startr"; needs one of .*\. Write fidus:edition: starter under config: in .*Pulumi\.acme\.yaml/,
    );
  });

  test("of a file that is not YAML is exit 1 and names the file", async () => {
    await configured({ acme: {} });
    const [id = ""] = readdirSync(join(home, "data/fidus/installations"));
    writeFileSync(join(home, "data/fidus/installations", id, "Pulumi.acme.yaml"), "config: [unclosed");
    const { code, stderr } = await fidus("config", "check", "acme");
    expect(code).toBe(1);
    expect(stderr).toContain(`${id}/Pulumi.acme.yaml: got`);
  });

  test("of a stack without an edition says so", async () => {
    await configured({ acme: { domain: "assistant.fidus.test" } });
    expect(await fidus("config", "check", "acme")).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("edition: got nothing; needs one of community, starter"),
    });
  });

  test("before there is an installation names the way to one, and makes none", async () => {
    const { code, stderr } = await fidus("config", "check", "acme");
    expect(code).toBe(2);
    expect(stderr).toContain("needs a stack; this checkout has none yet. ./fidus init starter --name acme");
    expect(existsSync(join(home, "data"))).toBe(false);
  });
});
