import { afterAll, beforeAll, expect, test } from "vitest";
import { complete } from "../../infra/config/testing.ts";
import { SimulatedCloudflareApi } from "../simulator/testing/cloudflare-api.ts";
import { CloudHome } from "./cloud-home.ts";
import { expectWhole, killInEveryCreate, short } from "./kill-waves.ts";

/** `./fidus up` whose engine is killed while each type that a stack makes is being made; Hetzner and Cloudflare are simulated. */
let home: CloudHome;
let cloudflare: SimulatedCloudflareApi;
let env: Readonly<Record<string, string>>;
/** What was cut off already: how it is found again does not depend on the edition. */
let ofPro: readonly string[] = [];
const minutes = (count: number) => ({ timeout: count * 60_000 });

beforeAll(async () => {
  home = await CloudHome.create("hcloud", "cloudflare");
  cloudflare = await SimulatedCloudflareApi.start(home.clouds.cloudflare);
  env = { CLOUDFLARE_BASE_URL: cloudflare.endpoint };
}, 300_000);
afterAll(async () => {
  await cloudflare[Symbol.asyncDispose]();
  await home[Symbol.asyncDispose]();
});

async function configured(edition: "starter" | "pro", stack: string, changes: Readonly<Record<string, string>>): Promise<void> {
  await home.must("init", edition, "--name", stack, "--json");
  await home.configure(stack, { ...complete[edition], cloudflareToken: "c".repeat(40), ...changes });
}

test(
  "a pro stack, its name at Cloudflare: whichever create the engine is killed in, the same command goes on and buys nothing twice",
  minutes(10),
  async () => {
    await configured("pro", "crew", { topology: "compact" });
    ofPro = await killInEveryCreate(home, "crew", env);
    expect(short(ofPro)).toEqual(
      [
        ...["DnsRecord", "Firewall", "Network", "NetworkSubnet", "PlacementGroup", "PrimaryIp", "Server", "SshKey", "Volume"],
        ...["LoadBalancer", "LoadBalancerNetwork", "LoadBalancerService", "LoadBalancerTarget", "VolumeAttachment"],
      ].sort(),
    );
    await expectWhole(home, env, "crew");
  },
);

test(
  "a starter stack, its name at Hetzner: killed in each create that a pro stack has not, the same command goes on and buys nothing twice",
  minutes(10),
  async () => {
    await configured("starter", "shop", { dnsProvider: "hetzner", dnsZone: "fidus.test" });
    expect(short(await killInEveryCreate(home, "shop", env, ofPro))).toEqual(["StorageBox", "ZoneRrset"]);
    await expectWhole(home, env, "crew", "shop");
  },
);
