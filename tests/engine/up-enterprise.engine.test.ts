import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ended } from "../../cli/testing.ts";
import { environmentSettings } from "../../infra/config/environments.ts";
import { complete } from "../../infra/config/testing.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { SimulatedTaggingApi } from "../simulator/testing/tagging-api.ts";
import { killEngine } from "../tools/kill-engine.ts";
import { CloudHome } from "./cloud-home.ts";

/** `./fidus up` of an enterprise installation on the real engine; AWS is simulated. The engine is killed three times on the way. */
let home: CloudHome;
let tagging: SimulatedTaggingApi;
const up = (): Promise<Ended> => home.start(["up", "acme", "--yes", "--json"], tagging.env).ended;

beforeAll(async () => {
  home = await CloudHome.create("aws");
  tagging = await SimulatedTaggingApi.start(home.clouds.aws);
  const { stacks } = JSON.parse(await home.must("init", "enterprise", "--name", "acme", "--env", "dev", "--json")) as {
    stacks: { stack: string; edition: "enterprise-global" | "enterprise-region" }[];
  };
  for (const { stack, edition } of stacks) {
    const { region: _, peerRegion: __, vpcRange: ___, ...settings } = complete[edition];
    await home.configure(stack, { ...settings, ...environmentSettings(edition, "development"), environment: "development" });
  }
}, 300_000);
afterAll(async () => {
  await tagging[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** How many there are of each of these types. */
function count(types: readonly string[]): Record<string, number> {
  const there = home.clouds.aws.store.all();
  return Object.fromEntries(types.map((type) => [type, there.filter((thing) => thing.type === type).length]));
}

// Found by tags: ids that AWS gives. Found by name: the others. Each is bought twice, or refused, where it is not found.
const kills = [
  { where: "the global stack", types: ["aws:route53/zone:Zone", "aws:s3/bucket:Bucket"], one: "aws:route53/zone:Zone" },
  { where: "a region", types: ["aws:ec2/vpc:Vpc", "aws:kms/key:Key", "aws:iam/role:Role"], one: "aws:ec2/vpc:Vpc" },
  {
    where: "a region again",
    types: ["aws:ec2/natGateway:NatGateway", "aws:eks/cluster:Cluster"],
    one: "aws:eks/cluster:Cluster",
  },
] as const;

test.each(kills)(
  "an engine that is killed in $where leaves what it was making, and the same command goes on",
  async ({ types, one }) => {
    const { aws } = home.clouds;
    aws.faults.faults = { endless: [...types] };
    const before = count([one])[one] ?? 0;
    const interrupted = up();
    const tooSoon = interrupted.then(({ stderr }) => Promise.reject(new Error(stderr)));
  const made = eventually(`${one} is being made`, () => Promise.resolve((count([one])[one] ?? 0) > before), 120_000);
  await Promise.race([made, tooSoon]);
  tooSoon.catch(() => undefined); // from here on it is to end
    killEngine(home.folder);
    const { code, stdout } = await interrupted;
    expect([code, (JSON.parse(stdout) as { error: { code: string } }).error.code]).toEqual([1, "engine-killed"]);
  },
  240_000,
);

test("one plain up after that ends where an undisturbed one does: nothing was bought twice", async () => {
  home.clouds.aws.faults.faults = {};
  const { code, stdout, stderr } = await up();
  expect(code, stderr).toBe(0);
  const { stacks } = JSON.parse(stdout) as { stacks: { stack: string; url: string | null }[] };
  expect(stacks.map(({ stack }) => stack)).toEqual(["acme-global", "acme-eu-central-1", "acme-eu-west-1"]);
  expect(count([...new Set(kills.flatMap(({ types }) => types))])).toEqual({
    "aws:ec2/natGateway:NatGateway": 2,
    "aws:ec2/vpc:Vpc": 2,
    "aws:eks/cluster:Cluster": 2,
    "aws:iam/role:Role": 10,
    "aws:kms/key:Key": 6,
    "aws:route53/zone:Zone": 1,
    "aws:s3/bucket:Bucket": 3,
  });
  // What else was being made in these moments is asked for too.
  expect(tagging.asked).toEqual(expect.arrayContaining(["route53:hostedzone", "ec2:vpc", "kms:key", "ec2:natgateway"]));
}, 300_000);
