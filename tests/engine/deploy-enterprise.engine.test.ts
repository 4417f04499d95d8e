import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentSettings } from "../../infra/config/environments.ts";
import { complete } from "../../infra/config/testing.ts";
import { CloudHome } from "./cloud-home.ts";
import { TeamCheckout } from "./delivery.ts";

/** One command for all stacks of an enterprise installation, on the real engine; AWS is simulated. */
let home: CloudHome;
let team: TeamCheckout;

function region(name: string, peerRegion: string, vpcRange: string): Record<string, string> {
  const development = environmentSettings("enterprise-region", "development");
  return { ...complete["enterprise-region"], ...development, region: name, peerRegion, vpcRange };
}

beforeAll(async () => {
  home = await CloudHome.create("aws");
  mkdirSync(join(home.folder, "state"));
  team = await TeamCheckout.create(home.folder, {
    "big-global": { ...complete["enterprise-global"], environment: "development" },
    "big-eu-central-1": region("eu-central-1", "eu-west-1", "10.40.0.0/16"),
    "big-eu-west-1": region("eu-west-1", "eu-central-1", "10.41.0.0/16"),
  });
}, 120_000);

afterAll(() => home[Symbol.asyncDispose]());

function deploy(...more: string[]): ReturnType<TeamCheckout["fidus"]> {
  const state = pathToFileURL(join(home.folder, "state")).href;
  const env = { ...home.env, PULUMI_BACKEND_URL: state, PULUMI_CONFIG_PASSPHRASE: "basic-passwort" };
  // Nobody re-read the machines of Europe since February: docs/decisions/0024-prices-by-their-own-day.md
  const limits = ["--budget", "1500USD", "--allow-unpriced", "50", "--today", "2026-06-01"];
  return team.fidus(["deploy", "big", "--json", ...limits, ...more], env);
}

test("a policy that one stack breaks stops all of them before the first change", async () => {
  const { code, stdout, stderr } = await deploy("--max-gpus", "1");
  expect(code, stderr).toBe(3);
  const { error } = JSON.parse(stdout) as { error: { code: string; problems: { path: string; rule: string }[] } };
  expect(error.code).toBe("refused");
  expect(error.problems).toEqual(
    ["eu-central-1", "eu-west-1"].map((region) =>
      expect.objectContaining({ path: `big-${region}: gpu-group`, rule: "the policy gpu-limit to be kept" }),
    ),
  );
  expect([home.clouds.aws.store.all(), home.clouds.aws.faults.operations]).toEqual([[], []]);
}, 240_000);

test("one command plans and judges all stacks, and then makes them, the global one first", async () => {
  const { code, stdout, stderr } = await deploy();
  expect(code, stderr).toBe(0);
  const steps = [...stderr.matchAll(/^✓ big-([\w-]+): (plan|up) /gm)].map(([, stack, step]) => `${step} ${stack}`);
  expect(steps).toEqual(
    ["plan", "up"].flatMap((step) => ["global", "eu-central-1", "eu-west-1"].map((stack) => `${step} ${stack}`)),
  );
  const { stacks } = JSON.parse(stdout) as { stacks: { stack: string; changes: Record<string, number> }[] };
  expect(stacks.map(({ stack }) => stack)).toEqual(["big-global", "big-eu-central-1", "big-eu-west-1"]);
  const clusters = home.clouds.aws.store.all().filter(({ type }) => type.endsWith("eks/cluster:Cluster"));
  expect(clusters).toHaveLength(2);
}, 240_000);
