import { execa } from "execa";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { complete } from "../infra/config/testing.ts";
import { keys } from "../infra/config/keys.ts";
import { checkoutFolder } from "./paths.ts";
import { startCli, type Ended } from "./testing.ts";

let home = "";
const cache = process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache");
const fidus = (...args: string[]): Promise<Ended> => startCli(home, args, { XDG_CACHE_HOME: cache }).ended;
const changedInCheckout = async (): Promise<string> =>
  (await execa("git", ["status", "--porcelain", "--ignored", "--", "Pulumi*.yaml"], { cwd: checkoutFolder })).stdout;

const exported: Record<string, Record<string, string>> = {};

/** A plain `pulumi` after `eval "$(./fidus env STACK)"`, once per stack as in a shell. */
async function pulumi(stack: string, args: readonly string[], input = ""): Promise<string> {
  const env = (exported[stack] ??= JSON.parse((await fidus("env", stack, "--json")).stdout) as Record<string, string>);
  return (await execa("pulumi", args, { cwd: checkoutFolder, env: { ...env, HOME: home }, input, extendEnv: false })).stdout;
}

/** Sets what the complete configuration has and the new stack lacks, by the commands that Fidus names; secrets on stdin. */
async function complement(stack: string, edition: keyof typeof complete, commands: readonly string[]): Promise<void> {
  for (const command of commands.slice(1)) {
    const [, secret = "", key = ""] = /^pulumi config set (--secret )?(\w+)/.exec(command) ?? [];
    const value = complete[edition][key] ?? "";
    if (secret === "") await pulumi(stack, ["config", "set", key, value]);
    else await pulumi(stack, ["config", "set", "--secret", key], value);
  }
}

interface Made {
  readonly stacks: readonly {
    readonly stack: string;
    readonly edition: keyof typeof complete;
    readonly file: string;
    readonly next: string[];
  }[];
}

let before = "";
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "fidus-init-"));
  before = await changedInCheckout();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("init", () => {
  test("starter: following the commands it prints makes a configuration that check calls ok [X-01]", async () => {
    const made = await fidus("init", "starter", "--name", "acme", "--json");
    expect(made).toMatchObject({ code: 0 });
    const [stack] = (JSON.parse(made.stdout) as Made).stacks;
    expect(stack?.next[0]).toBe('eval "$(./fidus env acme)"');
    expect(await fidus("config", "check", "acme")).toMatchObject({ code: 2 });
    await complement("acme", "starter", stack?.next ?? []);
    expect(await fidus("config", "check", "acme")).toMatchObject({ code: 0, stdout: "acme: ok (starter)\n" });
    const text = readFileSync(stack?.file ?? "", "utf8");
    for (const [key, value] of Object.entries(complete.starter))
      if ("secret" in keys[key as keyof typeof keys]) expect(text).not.toContain(value);
    expect(text).toMatch(/^encryptionsalt: v1:/m);
  });

  test("the checkout holds neither salt nor settings afterwards [X-01]", async () => {
    expect(await changedInCheckout()).toBe(before);
  });

  test("an encrypted sample is opened, refused and not shown, as is a malformed secret [X-03]", async () => {
    await pulumi("acme", ["config", "set", "--secret", "cloudflareToken"], "dev_password_change_me");
    await pulumi("acme", ["config", "set", "--secret", "hcloudToken"], "too-short-a-token");
    const { code, stderr } = await fidus("config", "check", "acme");
    expect(code).toBe(2);
    expect(stderr).toContain('cloudflareToken: got "[a sample secret]"');
    expect(stderr).toContain(
      'hcloudToken: got "[secret]"; needs a Hetzner token of 64 letters and digits. pulumi config set --secret hcloudToken',
    );
    expect(stderr).not.toMatch(/dev_password|too-short/);
  });

  test("the program refuses the same before its first resource [X-03]", async () => {
    const error: unknown = await pulumi("acme", ["preview", "--non-interactive"]).then(
      () => null,
      (failure: unknown) => failure,
    );
    expect(String((error as { stdout?: string } | null)?.stdout)).toMatch(
      /got "starter"; needs one that can be deployed|2 problems/,
    );
  });

  test("enterprise writes its three stacks, which check accepts together once they are complete", async () => {
    const made = await fidus(
      "init",
      "enterprise",
      "--name",
      "big",
      "--env",
      "staging",
      "--regions",
      "eu-central-1,eu-west-1",
      "--json",
    );
    expect(made).toMatchObject({ code: 0 });
    const { stacks } = JSON.parse(made.stdout) as Made;
    expect(stacks.map(({ stack }) => stack)).toEqual(["big-eu-central-1", "big-eu-west-1", "big-global"]);
    for (const { stack, edition, next } of stacks) await complement(stack, edition, next);
    expect(await fidus("config", "check", "big")).toMatchObject({ code: 0 });
    expect(await fidus("init", "enterprise", "--name", "big")).toMatchObject({ code: 2 });
  });

  test("an interrupted init of enterprise is taken up again: what it left is completed", async () => {
    const [id = ""] = readdirSync(join(home, "data/fidus/installations"));
    rmSync(join(home, "data/fidus/installations", id, "Pulumi.big-global.yaml"));
    expect(await fidus("init", "enterprise", "--name", "big", "--env", "staging")).toMatchObject({ code: 0 });
    expect(await fidus("config", "check", "big-eu-west-1")).toMatchObject({ code: 0 });
  });

  test("uninstall removes stacks that were only configured", async () => {
    expect(await fidus("uninstall", "--yes")).toMatchObject({ code: 0 });
    expect(readdirSync(join(home, "data/fidus/installations"))).toEqual([]);
  });
});
