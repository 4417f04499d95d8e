import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Ended } from "../../cli/testing.ts";
import { environmentSettings } from "../../infra/config/environments.ts";
import { complete } from "../../infra/config/testing.ts";
import { eventually } from "../../infra/core/eventually.ts";
import { SimulatedAwsApi } from "../simulator/testing/aws-api.ts";
import { killEngine } from "../tools/kill-engine.ts";
import { CloudHome } from "./cloud-home.ts";

/** `./fidus up` of an enterprise installation on the real engine; AWS is simulated. The engine is killed three times on the way. */
let home: CloudHome;
let tagging: SimulatedAwsApi;
const up = (): Promise<Ended> => home.start(["up", "acme", "--yes", "--json"], tagging.env).ended;

beforeAll(async () => {
  home = await CloudHome.create("aws");
  tagging = await SimulatedAwsApi.start(home.clouds.aws);
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
    let [operations, since] = [0, performance.now()];
    // What is endless is all that is left to be made: whatever else is cut off in the middle is the cloud's to name.
    const waits = (): boolean => {
      const now = aws.faults.operations.length;
      if (now !== operations) [operations, since] = [now, performance.now()];
      return (count([one])[one] ?? 0) > before && performance.now() - since > 1_000;
    };
    const tooSoon = interrupted.then(({ stderr }) => Promise.reject(new Error(stderr)));
    await Promise.race([eventually(`${one} is being made`, waits, 120_000), tooSoon]);
    tooSoon.catch(() => undefined); // from here on it is to end
    killEngine(home.folder);
    const { code, stdout } = await interrupted;
    expect([code, (JSON.parse(stdout) as { error: { code: string } }).error.code]).toEqual([1, "engine-killed"]);
  },
  240_000,
);

test("a state whose attributes were half written when the engine was killed stops nothing", async () => {
  const stacks = join(home.folder, "data/fidus/installations");
  const attributes = readdirSync(stacks, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith("stacks/fidus/acme-global.json.attrs"),
  );
  expect(attributes).toHaveLength(1);
  for (const file of attributes) truncateSync(join(stacks, file));
  expect((await home.fidus("preview", "acme-global", "--json")).stderr).toContain("EOF"); // it would
}, 120_000);

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
    "aws:iam/role:Role": 8,
    "aws:kms/key:Key": 6,
    "aws:route53/zone:Zone": 1,
    "aws:s3/bucket:Bucket": 3,
  });
  // What else was being made in these moments is asked for too.
  expect(tagging.asked).toEqual(expect.arrayContaining(["route53:hostedzone", "ec2:vpc", "kms:key", "ec2:natgateway"]));
}, 300_000);
