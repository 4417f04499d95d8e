import { afterEach, beforeEach, expect, test } from "vitest";
import { environmentSettings } from "../../infra/config/environments.ts";
import { complete } from "../../infra/config/testing.ts";
import { SimulatedAwsApi } from "../simulator/testing/aws-api.ts";
import { SimulatedCloudflareApi } from "../simulator/testing/cloudflare-api.ts";
import { CloudHome } from "./cloud-home.ts";
import { existing, killInEveryCreate, recorded } from "./kill-waves.ts";

/** `./fidus up` whose engine is killed while each type that a stack makes is being made; the clouds are simulated. */
let home: CloudHome;
let aws: SimulatedAwsApi;
let cloudflare: SimulatedCloudflareApi;
let env: Readonly<Record<string, string>>;
const minutes = (count: number) => ({ timeout: count * 60_000 });

beforeEach(async () => {
  home = await CloudHome.create("aws", "hcloud", "cloudflare");
  aws = await SimulatedAwsApi.start(home.clouds.aws);
  cloudflare = await SimulatedCloudflareApi.start(home.clouds.cloudflare);
  env = { ...aws.env, CLOUDFLARE_BASE_URL: cloudflare.endpoint };
}, 300_000);
afterEach(async () => {
  await aws[Symbol.asyncDispose]();
  await cloudflare[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

const short = (types: readonly string[]): string[] => types.map((type) => type.split(":").at(-1) ?? "");

/** Everything that exists is in the state, once, and the same command has nothing to do. */
async function expectWhole(...stacks: readonly string[]): Promise<void> {
  const states = stacks.flatMap((stack) => recorded(home, stack));
  expect(states.sort()).toEqual(existing(home));
  const again = await home.start(["up", stacks.at(-1) ?? "", "--json"], env).ended;
  expect(again.code, again.stderr).toBe(0);
  const result = JSON.parse(again.stdout) as { stacks: { changes: object }[] };
  expect(result.stacks.flatMap(({ changes }) => Object.keys(changes))).toEqual(["same"]);
}

test.each([
  ["starter", "its name at Hetzner", { dnsProvider: "hetzner", dnsZone: "fidus.test" }, "ZoneRrset"],
  ["pro", "its name at Cloudflare", { topology: "compact" }, "DnsRecord"],
] as const)(
  "a %s stack, %s: whichever create the engine is killed in, the same command goes on and buys nothing twice",
  minutes(10),
  async (edition, _what, changes, record) => {
    await home.must("init", edition, "--name", "shop", "--json");
    await home.configure("shop", { ...complete[edition], cloudflareToken: "c".repeat(40), ...changes });
    const types = short(await killInEveryCreate(home, "shop", env));
    expect(types).toEqual(expect.arrayContaining(["NetworkSubnet", "Server", "Volume", "VolumeAttachment", record]));
    if (edition === "pro")
      expect(types).toEqual(expect.arrayContaining(["LoadBalancerNetwork", "LoadBalancerService", "LoadBalancerTarget"]));
    await expectWhole("shop");
  },
);

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
    const global = short(await killInEveryCreate(home, "acme-global", env));
    expect(global).toEqual(expect.arrayContaining(["Zone", "Record", "HealthCheck", "Bucket", "BucketPolicy", "BucketObjectv2"]));
    const region = short(await killInEveryCreate(home, "acme-eu-central-1", env));
    expect(region).toEqual(
      expect.arrayContaining(["Subnet", "Route", "RouteTableAssociation", "NatGateway", "Cluster", "NodeGroup", "AccessEntry"]),
    );
    expect(aws.asked).toContain("ec2:route-tables");
    await expectWhole("acme-global", "acme-eu-central-1");
  },
);
