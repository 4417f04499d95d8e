import { afterAll, beforeAll, expect, test } from "vitest";
import { environmentSettings } from "../../infra/config/environments.ts";
import { complete } from "../../infra/config/testing.ts";
import { SimulatedAwsApi } from "../simulator/testing/aws-api.ts";
import { CloudHome } from "./cloud-home.ts";
import { expectWhole, killInEveryCreate, short } from "./kill-waves.ts";

/** `./fidus up` of enterprise stacks whose engine is killed while each type is being made; AWS is simulated. */
let home: CloudHome;
let aws: SimulatedAwsApi;
const minutes = (count: number) => ({ timeout: count * 60_000 });

beforeAll(async () => {
  home = await CloudHome.create("aws");
  aws = await SimulatedAwsApi.start(home.clouds.aws);
}, 300_000);
afterAll(async () => {
  await aws[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

test(
  "an enterprise: whichever create of the global stack or a region the engine is killed in, the same command goes on",
  minutes(15),
  async () => {
    const made = await home.must("init", "enterprise", "--name", "acme", "--env", "dev", "--json");
    const { stacks } = JSON.parse(made) as { stacks: { stack: string; edition: "enterprise-global" | "enterprise-region" }[] };
    for (const { stack, edition } of stacks) {
      const { region: _, peerRegion: __, vpcRange: ___, ...settings } = complete[edition];
      await home.configure(stack, { ...settings, ...environmentSettings(edition, "development"), environment: "development" });
    }
    const global = short(await killInEveryCreate(home, "acme-global", aws.env));
    expect(global).toEqual(expect.arrayContaining(["Zone", "Record", "HealthCheck", "Bucket", "BucketPolicy", "BucketObjectv2"]));
    const region = short(await killInEveryCreate(home, "acme-eu-central-1", aws.env));
    expect(region).toEqual(
      expect.arrayContaining(["Subnet", "Route", "RouteTableAssociation", "NatGateway", "Cluster", "NodeGroup", "AccessEntry"]),
    );
    expect(aws.asked).toContain("ec2:route-tables");
    await expectWhole(home, aws.env, "acme-global", "acme-eu-central-1");
  },
);
