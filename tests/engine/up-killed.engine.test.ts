import { afterEach, beforeEach, expect, test } from "vitest";
import { complete } from "../../infra/config/testing.ts";
import { SimulatedCloudflareApi } from "../simulator/testing/cloudflare-api.ts";
import { CloudHome } from "./cloud-home.ts";
import { existing, killInEveryCreate, recorded } from "./kill-waves.ts";

/** `./fidus up` whose engine is killed while each type that a stack makes is being made; the clouds are simulated. */
let home: CloudHome;
let cloudflare: SimulatedCloudflareApi;
let env: Readonly<Record<string, string>>;
const minutes = (count: number) => ({ timeout: count * 60_000 });

beforeEach(async () => {
  home = await CloudHome.create("hcloud", "cloudflare");
  cloudflare = await SimulatedCloudflareApi.start(home.clouds.cloudflare);
  env = { CLOUDFLARE_BASE_URL: cloudflare.endpoint };
}, 300_000);
afterEach(async () => {
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
  ["Cloudflare", {}, "DnsRecord"],
  ["Hetzner", { dnsProvider: "hetzner", dnsZone: "fidus.test" }, "ZoneRrset"],
] as const)(
  "a starter stack with its name at %s: whichever create the engine is killed in, the same command goes on and buys nothing twice",
  minutes(10),
  async (_where, changes, record) => {
    await home.must("init", "starter", "--name", "shop", "--json");
    await home.configure("shop", { ...complete.starter, cloudflareToken: "c".repeat(40), ...changes });
    const types = short(await killInEveryCreate(home, "shop", env));
    expect(types).toEqual(expect.arrayContaining(["NetworkSubnet", "Server", "Volume", "VolumeAttachment", record]));
    await expectWhole("shop");
  },
);
