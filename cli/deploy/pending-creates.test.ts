import { expect, test } from "vitest";
import { packageNames } from "../../tests/simulator/schema/wanted.ts";
import { cloudRules } from "../../tests/simulator/rules/index.ts";
import { isAtAws } from "./pending-aws.ts";
import { isAtCloudflare } from "./pending-cloudflare.ts";
import { idAtHetzner, isAtHetzner } from "./pending-hetzner.ts";

/** Types that no edition makes: the simulated clouds know them for programs of tests. */
const notOurs = ["hcloud:index/rdns:Rdns", "hcloud:index/storageBoxSubaccount:StorageBoxSubaccount"];

test("whatever a cloud was making when the engine was killed can be found again", () => {
  const types = packageNames.flatMap((name) => Object.keys(cloudRules[name].types));
  const found = (type: string): boolean => [isAtAws, isAtCloudflare, isAtHetzner].some((isAt) => isAt({ urn: "", type }));
  expect(types.filter((type) => !found(type)).sort()).toEqual(notOurs);
});

// Forms of ids: the provider's Create.
test.each([
  ["loadBalancerNetwork:LoadBalancerNetwork", { loadBalancerId: 5, subnetId: "7-10.0.0.0/24" }, "5-7"],
  ["loadBalancerService:LoadBalancerService", { loadBalancerId: "5", listenPort: 443 }, "5__443"],
  ["loadBalancerTarget:LoadBalancerTarget", { loadBalancerId: 5, serverId: 9 }, "lb-server-5-9"],
  ["networkSubnet:NetworkSubnet", { networkId: 7, ipRange: "10.0.0.0/24" }, "7-10.0.0.0/24"],
  ["volumeAttachment:VolumeAttachment", { volumeId: 3, serverId: 9 }, "3"],
  ["zoneRrset:ZoneRrset", { zone: "example.org", name: "www", type: "A" }, "www/A"],
])("a %s is found by what it belongs to, without a question", async (type, inputs, id) => {
  const context = { env: { HCLOUD_ENDPOINT: "http://127.0.0.1:1" }, signal: new AbortController().signal };
  expect(await idAtHetzner(context, "a1b2c3", { urn: "", type: `hcloud:index/${type}`, inputs }, "token")).toBe(id);
});
