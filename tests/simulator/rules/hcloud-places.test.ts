import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { create } from "../../../toolchain/providers/testing/steps.ts";
import type { WireMap } from "../../../toolchain/providers/values.ts";
import { openCloud } from "../plugin.ts";
import { simulatedResource } from "../resource.ts";

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "fidus-cloud-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const labels = { edition: "pro" };
/** Makes a resource `hcloud:index/<type>` and returns its id. */
async function make(type: string, inputs: WireMap): Promise<string> {
  const token = `hcloud:index/${type}:${type[0]?.toUpperCase()}${type.slice(1)}`;
  return (await create(simulatedResource(openCloud("hcloud", folder), token), inputs)).id;
}
const network = async () => {
  const networkId = Number(await make("network", { name: "n", labels, ipRange: "10.20.0.0/24" }));
  return make("networkSubnet", { networkId, type: "cloud", networkZone: "eu-central", ipRange: "10.20.0.0/24" });
};
const server = (name: string, more: WireMap = {}) =>
  make("server", { name, labels, serverType: "ccx33", image: "debian-13", location: "nbg1", ...more });
const balancer = async () =>
  Number(await make("loadBalancer", { name: "b", labels, loadBalancerType: "lb11", location: "nbg1" }));

test("a private address is given once, to servers and balancers alike, and only out of its subnet", async () => {
  const subnetId = await network();
  const at = (ip: string) => ({ networks: [{ subnetId, ip, aliasIps: [] }] });
  await server("one", at("10.20.0.11"));
  await expect(server("two", at("10.20.0.11"))).rejects.toThrow("ip: 10.20.0.11 is in use already (ip_not_available)");
  await expect(server("two", at("10.21.0.11"))).rejects.toThrow("ip: 10.21.0.11 is no free address of 10.20.0.0/24");
  await expect(server("two", at("10.20.0.1"))).rejects.toThrow("ip: 10.20.0.1 is no free address");
  const loadBalancerId = await balancer();
  await expect(make("loadBalancerNetwork", { loadBalancerId, subnetId, ip: "10.20.0.11" })).rejects.toThrow("in use already");
  await make("loadBalancerNetwork", { loadBalancerId, subnetId, ip: "10.20.0.5" });
  await expect(server("two", at("10.20.0.5"))).rejects.toThrow("in use already");
  await server("two", at("10.20.0.12"));
});

test("a placement group takes ten servers", async () => {
  const placementGroupId = Number(await make("placementGroup", { name: "g", labels, type: "spread" }));
  for (let number = 1; number <= 10; number++) await server(`s${number}`, { placementGroupId });
  await expect(server("s11", { placementGroupId })).rejects.toThrow("placementGroupId: it has 10 servers, the limit");
  await server("s11");
});

test("a disk is attached in its own location only", async () => {
  const volumeId = Number(await make("volume", { name: "v", labels, size: 10, location: "fsn1" }));
  const attach = async (location: string) =>
    make("volumeAttachment", { volumeId, serverId: Number(await server(`in-${location}`, { location })) });
  await expect(attach("nbg1")).rejects.toThrow("volume and server are in different locations");
  await attach("fsn1");
});

test("a target is reached privately once balancer and server are in one network", async () => {
  const subnetId = await network();
  const [loadBalancerId, outside] = [await balancer(), Number(await server("outside"))];
  const inside = Number(await server("inside", { networks: [{ subnetId, ip: "10.20.0.11", aliasIps: [] }] }));
  const target = (serverId: number, usePrivateIp: boolean) =>
    make("loadBalancerTarget", { loadBalancerId, type: "server", serverId, usePrivateIp });
  await expect(target(inside, true)).rejects.toThrow("load_balancer_not_attached_to_network");
  await make("loadBalancerNetwork", { loadBalancerId, subnetId, ip: "10.20.0.5" });
  await expect(target(outside, true)).rejects.toThrow("server_not_attached_to_network");
  await target(inside, true);
  await target(outside, false);
});

test("two services of a balancer check at different ports", async () => {
  const loadBalancerId = String(await balancer());
  const service = (listenPort: number, port: number) =>
    make("loadBalancerService", {
      ...{ loadBalancerId, protocol: "tcp", listenPort, destinationPort: listenPort },
      healthCheck: { protocol: "tcp", port, interval: 5, timeout: 3, retries: 2 },
    });
  await service(80, 80);
  await expect(service(443, 80)).rejects.toThrow("healthCheck.port: in use by another service");
  await service(443, 443);
});
