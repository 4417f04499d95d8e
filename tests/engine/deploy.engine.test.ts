import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentSettings } from "../../infra/config/environments.ts";
import type { EnvironmentName } from "../../infra/config/keys/common.ts";
import { folderVariable, openCloud } from "../simulator/plugin.ts";
import { SimulatedHetznerApi } from "../simulator/testing/hetzner-api.ts";
import { TeamCheckout } from "./delivery.ts";
import { simulatedHome } from "./simulated-home.ts";
import { atHetzner, tokens } from "./starter-project.ts";

/** What CI runs after a push, on the real engine; Hetzner and Cloudflare are simulated, the state is a folder. */
const home = mkdtempSync(join(tmpdir(), "fidus-deploy-test-"));
const clouds = join(home, "clouds");
const hcloud = openCloud("hcloud", clouds);
const stacks = { "acme-dev": "development", "acme-staging": "staging", acme: "production" } as const;
type Stack = keyof typeof stacks;
let team: TeamCheckout;
let api: SimulatedHetznerApi;

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
  const state = { PULUMI_BACKEND_URL: pathToFileURL(join(home, "state")).href };
  const simulated = { [folderVariable]: clouds, HCLOUD_ENDPOINT: api.endpoint };
  const limits = ["--budget", budget, "--usage", join(home, "usage.yaml")];
  const { code, stdout, stderr } = await team.fidus(["deploy", stack, "--json", ...limits], {
    ...simulated,
    ...state,
    ...secrets,
  });
  for (const secret of Object.values(secrets).filter((text) => text !== "")) expect(stdout + stderr).not.toContain(secret);
  return { code, stderr, said: JSON.parse(stdout) as Outcome["said"] };
}

const servers = (): number => hcloud.store.all().filter(({ type }) => type.endsWith(":Server")).length;

beforeAll(async () => {
  mkdirSync(join(home, "state"));
  writeFileSync(join(home, "usage.yaml"), "assume: { host-server-server: { serverType: cx53 } }\n");
  api = await SimulatedHetznerApi.start(hcloud);
  await simulatedHome(home, ["hcloud", "cloudflare"]);
  team = await TeamCheckout.create(
    home,
    Object.fromEntries((Object.keys(stacks) as Stack[]).map((stack) => [stack, settingsOf(stack)])),
  );
  await team.git("checkout", "--quiet", "-b", "develop");
  await team.commit();
}, 120_000);

afterAll(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(home, { recursive: true, force: true });
});

test("a push to develop deploys development [R-09] [R-16]", async () => {
  const { code, said, stderr } = await deploy("acme-dev");
  expect(code, stderr).toBe(0);
  expect(said).toMatchObject({ environment: "development", revision: { commit: await team.git("rev-parse", "develop") } });
  expect(servers()).toBe(1);
});
