import { readdirSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentSettings } from "../../infra/config/environments.ts";
import { complete } from "../../infra/config/testing.ts";
import { SimulatedAwsApi } from "../simulator/testing/aws-api.ts";
import { CloudHome } from "./cloud-home.ts";
import { expectWhole, killInEveryCreate, short } from "./kill-waves.ts";

/** `./fidus up` of an enterprise installation whose engine is killed while each type is being made; AWS is simulated. */
let home: CloudHome;
let aws: SimulatedAwsApi;
/** What was cut off already: how it is found again does not depend on the stack. */
let ofRegion: readonly string[] = [];
const minutes = (count: number) => ({ timeout: count * 60_000 });

beforeAll(async () => {
  home = await CloudHome.create("aws");
  aws = await SimulatedAwsApi.start(home.clouds.aws);
  const { stacks } = JSON.parse(await home.must("init", "enterprise", "--name", "acme", "--env", "dev", "--json")) as {
    stacks: { stack: string; edition: "enterprise-global" | "enterprise-region" }[];
  };
  for (const { stack, edition } of stacks) {
    const { region: _, peerRegion: __, vpcRange: ___, ...settings } = complete[edition];
    await home.configure(stack, { ...settings, ...environmentSettings(edition, "development"), environment: "development" });
  }
}, 300_000);
afterAll(async () => {
  await aws[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

/** How many there are of each of these types. */
function count(types: readonly string[]): Record<string, number> {
  const there = home.clouds.aws.store.all();
  return Object.fromEntries(types.map((type) => [type, there.filter((thing) => thing.type === `aws:${type}`).length]));
}

test("a region: whichever create the engine is killed in, the same command goes on", minutes(15), async () => {
  ofRegion = await killInEveryCreate(home, "acme-eu-central-1", aws.env);
  expect(short(ofRegion)).toEqual(
    expect.arrayContaining(["Subnet", "Route", "RouteTableAssociation", "NatGateway", "Cluster", "NodeGroup", "AccessEntry"]),
  );
  // Ids that AWS gives are found by tags, and the route table's associations by the table.
  expect(aws.asked).toEqual(expect.arrayContaining(["ec2:vpc", "kms:key", "ec2:natgateway", "ec2:route-tables"]));
  await expectWhole(home, aws.env, "acme-eu-central-1");
});

test("a state whose attributes were half written when the engine was killed stops nothing", minutes(2), async () => {
  const stacks = join(home.folder, "data/fidus/installations");
  const attributes = readdirSync(stacks, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith("stacks/fidus/acme-eu-central-1.json.attrs"),
  );
  expect(attributes).toHaveLength(1);
  for (const file of attributes) truncateSync(join(stacks, file));
  expect((await home.fidus("preview", "acme-eu-central-1", "--json")).stderr).toContain("EOF"); // it would
});

test(
  "all stacks by one command: killed in each create that only the global one has, it goes on and ends where an undisturbed one does",
  minutes(10),
  async () => {
    const ofGlobal = short(await killInEveryCreate(home, "acme", aws.env, ofRegion));
    expect(ofGlobal).toEqual(["BucketObjectv2", "HealthCheck", "Record", "Zone"]);
    expect(aws.asked).toContain("route53:hostedzone");
    await expectWhole(home, aws.env, "acme-global", "acme-eu-central-1", "acme-eu-west-1");
    // Each is bought twice, or refused, where it is not found.
    const wanted = {
      "ec2/natGateway:NatGateway": 2,
      "ec2/vpc:Vpc": 2,
      "eks/cluster:Cluster": 2,
      "iam/role:Role": 8,
      "kms/key:Key": 6,
      "route53/zone:Zone": 1,
      "s3/bucket:Bucket": 3,
    };
    expect(count(Object.keys(wanted))).toEqual(wanted);
  },
);
