import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentSettings } from "../../infra/config/environments.ts";
import type { EnvironmentName } from "../../infra/config/keys/common.ts";
import { CloudHome } from "./cloud-home.ts";
import { TeamCheckout } from "./delivery.ts";
import { atHetzner, tokens } from "./starter-project.ts";

/** What CI runs after a push, on the real engine; Hetzner and Cloudflare are simulated, the state is a folder. */
const stacks = { "acme-dev": "development", "acme-staging": "staging", acme: "production" } as const;
type Stack = keyof typeof stacks;
let home: CloudHome;
let team: TeamCheckout;

const settingsOf = (stack: Stack): Record<string, string> => ({
  ...atHetzner,
  ...environmentSettings("starter", stacks[stack] satisfies EnvironmentName),
  domain: `${stack}.fidus.test`,
});

/** What the platform keeps for an environment. */
const secretsOf = (stack: Stack): Record<string, string> => ({
  PULUMI_CONFIG_PASSPHRASE: `passphrase-of-${stack}-and-of-nothing-else`,
  FIDUS_HCLOUD_TOKEN: tokens.hcloudToken,
  FIDUS_CLOUDFLARE_TOKEN: tokens.cloudflareToken,
});

interface Outcome {
  readonly code: number | null;
  readonly stderr: string;
  readonly said: {
    readonly revision: { readonly commit: string };
    readonly environment: string;
    readonly stacks: readonly {
      readonly stack: string;
      readonly changes: Readonly<Record<string, number>>;
      readonly url: string;
    }[];
    readonly error?: { readonly code: string; readonly problems: readonly { path: string; got?: string; fix: string }[] };
  };
}

/** One job of the workflow. No secret may be in anything that it prints. */
async function deploy(stack: Stack, budget = "60EUR", changes: Record<string, string> = {}): Promise<Outcome> {
  const secrets = { ...secretsOf(stack), ...changes };
  const state = { PULUMI_BACKEND_URL: pathToFileURL(join(home.folder, "state")).href };
  const simulated = { ...home.env, TMPDIR: join(home.folder, "tmp") };
  const limits = ["--budget", budget, "--usage", join(home.folder, "usage.yaml")];
  const { code, stdout, stderr } = await team.fidus(["deploy", stack, "--json", "--today", "2026-11-21", ...limits], {
    ...simulated,
    ...state,
    ...secrets,
  });
  for (const secret of Object.values(secrets).filter((text) => text !== "")) expect(stdout + stderr).not.toContain(secret);
  return { code, stderr, said: JSON.parse(stdout) as Outcome["said"] };
}

const servers = (): number => home.clouds.hcloud.store.all().filter(({ type }) => type.endsWith(":Server")).length;

beforeAll(async () => {
  home = await CloudHome.create("hcloud", "cloudflare");
  for (const folder of ["state", "tmp"]) mkdirSync(join(home.folder, folder));
  writeFileSync(join(home.folder, "usage.yaml"), "assume: { host-server-server: { serverType: cx53 } }\n");
  team = await TeamCheckout.create(
    home.folder,
    Object.fromEntries((Object.keys(stacks) as Stack[]).map((stack) => [stack, settingsOf(stack)])),
  );
  await team.git("checkout", "--quiet", "-b", "develop");
  await team.commit();
}, 120_000);

afterAll(() => home[Symbol.asyncDispose]());

/** As a job checks out what was pushed. */
async function pushed(branch: "develop" | "main"): Promise<string> {
  await team.git("checkout", "--quiet", branch);
  return team.git("rev-parse", "HEAD");
}

test("a missing secret stops with 2 and names it, and nothing is made [R-16] [X-03]", async () => {
  await pushed("develop");
  const { code, said } = await deploy("acme-dev", "60EUR", { FIDUS_HCLOUD_TOKEN: "", PULUMI_CONFIG_PASSPHRASE: "" });
  expect(code).toBe(2);
  expect(said.error?.problems).toMatchObject([
    { path: "hcloudToken", fix: "Keep it as the secret FIDUS_HCLOUD_TOKEN of the environment." },
    { path: "PULUMI_CONFIG_PASSPHRASE" },
  ]);
  expect(readdirSync(join(home.folder, "state"))).toEqual([]);
});

test("a budget that is exceeded stops with 3 before anything is made", async () => {
  const { code, said } = await deploy("acme-dev", "10EUR");
  expect(code).toBe(3);
  expect(said.error).toMatchObject({
    code: "refused",
    problems: [{ path: "acme-dev", got: expect.stringContaining("over budget") }],
  });
  expect(home.clouds.hcloud.store.all()).toEqual([]);
});

test("a push to develop deploys development [R-09] [R-16]", async () => {
  const { code, said, stderr } = await deploy("acme-dev");
  expect(code, stderr).toBe(0);
  const revision = { commit: await pushed("develop"), changed: [] };
  expect(said).toMatchObject({ environment: "development", revision, stacks: [{ url: "https://acme-dev.fidus.test" }] });
  expect(servers()).toBe(1);
});

test("a second run changes nothing, on a machine that has seen neither settings nor secrets before", async () => {
  const before = home.clouds.hcloud.store.all();
  expect(readdirSync(join(home.folder, "tmp")).filter((name) => name.startsWith("fidus-"))).toEqual([]);
  const { code, said, stderr } = await deploy("acme-dev");
  expect(code, stderr).toBe(0);
  expect(Object.keys(said.stacks[0]?.changes ?? {})).toEqual(["same"]);
  expect(home.clouds.hcloud.store.all()).toEqual(before);
});

test("another passphrase than the state's stops with 2, and nothing is encrypted with it", async () => {
  const { code, said } = await deploy("acme-dev", "60EUR", { PULUMI_CONFIG_PASSPHRASE: "passphrase-of-another-environment" });
  expect(code).toBe(2);
  expect(said.error?.problems).toMatchObject([{ path: "PULUMI_CONFIG_PASSPHRASE", got: "another passphrase" }]);
});

test("staging and production are refused for a revision that is not on main, with 3 [R-08] [R-09]", async () => {
  const commit = await pushed("develop");
  for (const stack of ["acme-staging", "acme"] as const) {
    const { code, said } = await deploy(stack);
    expect(code).toBe(3);
    expect(said.error).toMatchObject({ code: "not-released", problems: [{ path: "revision", got: commit }] });
  }
  expect(servers()).toBe(1);
});

test("a push to main deploys staging and then production [R-09]", async () => {
  const commit = await pushed("main");
  for (const stack of ["acme-staging", "acme"] as const) {
    const { code, said, stderr } = await deploy(stack);
    expect(code, stderr).toBe(0);
    expect(said).toMatchObject({ environment: stacks[stack], revision: { commit } });
  }
  expect(servers()).toBe(3);
}, 240_000);
