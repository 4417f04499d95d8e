import { BlockList, isIPv4 } from "node:net";
import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import type { Store, Thing } from "../cloud/store.ts";

const server = "hcloud:index/server:Server";
const volume = "hcloud:index/volume:Volume";
const placementGroup = "hcloud:index/placementGroup:PlacementGroup";
const balancerNetwork = "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork";
const balancerService = "hcloud:index/loadBalancerService:LoadBalancerService";
/** Hetzner's limit of a spread placement group. */
const groupLimit = 10;

const all = (store: Store, type: string): Thing[] => store.all().filter((thing) => thing.type === type);
const find = (store: Store, type: string, id: Wire | undefined): Thing | undefined => store.find(type, String(id ?? ""));

/** Places in private networks, `subnet address`. */
function privatePlaces(store: Store): string[] {
  const ofServers = all(store, server).flatMap(({ inputs }) => (inputs["networks"] ?? []) as WireMap[]);
  const ofBalancers = all(store, balancerNetwork).map(({ inputs }) => inputs);
  return [...ofServers, ...ofBalancers].map(({ subnetId, ip }) => `${String(subnetId)} ${String(ip)}`);
}

/** Why a server or a balancer cannot have that address in that subnet, whose id ends in its range. */
export function placeProblems({ subnetId, ip }: WireMap, store: Store): string[] {
  const [, range = ""] = String(subnetId).split(/-(.*)/);
  const [address = "", bits = ""] = range.split("/");
  if (!isIPv4(address) || !isIPv4(String(ip))) return [];
  const subnet = new BlockList();
  subnet.addSubnet(address, Number(bits));
  const gateway = address.replace(/\.\d+$/, ".1");
  if (!subnet.check(String(ip)) || ip === address || ip === gateway)
    return [`ip: ${String(ip)} is no free address of ${range} (ip_not_available)`];
  const taken = privatePlaces(store).includes(`${String(subnetId)} ${String(ip)}`);
  return taken ? [`ip: ${String(ip)} is in use already (ip_not_available)`] : [];
}

/** A server's places: its group is not full, its private addresses are free. */
export function serverPlaceProblems(inputs: WireMap, store: Store): string[] {
  const { placementGroupId } = inputs;
  const group = find(store, placementGroup, placementGroupId);
  const members = all(store, server).filter((each) => each.inputs["placementGroupId"] === placementGroupId);
  const full = group !== undefined && members.length >= groupLimit;
  return [
    ...(full ? [`placementGroupId: it has ${groupLimit} servers, the limit (placement_error)`] : []),
    ...((inputs["networks"] ?? []) as WireMap[]).flatMap((network) => placeProblems(network, store)),
  ];
}

/** A disk can only be where its server is. */
export function attachmentProblems({ volumeId, serverId }: WireMap, store: Store): string[] {
  const [disk, host] = [find(store, volume, volumeId), find(store, server, serverId)];
  const together = disk?.inputs["location"] === host?.inputs["location"];
  return together ? [] : ["volumeId: volume and server are in different locations (invalid_input)"];
}

/** The private way to a target: balancer and server must be in one network first. Source: facts/hosts.md 4 (usePrivateIp). */
export function targetProblems({ loadBalancerId, serverId, usePrivateIp }: WireMap, store: Store): string[] {
  if (usePrivateIp !== true) return [];
  const networkOf = (subnetId: Wire | undefined): string | undefined => String(subnetId ?? "").split("-")[0];
  const balancer = all(store, balancerNetwork).filter(({ inputs }) => inputs["loadBalancerId"] === loadBalancerId);
  const joined = balancer.map(({ inputs }) => networkOf(inputs["subnetId"]));
  const host = (find(store, server, serverId)?.inputs["networks"] ?? []) as WireMap[];
  if (joined.length === 0) return ["usePrivateIp: the load balancer is in no network (load_balancer_not_attached_to_network)"];
  const shared = host.some(({ subnetId }) => joined.includes(networkOf(subnetId)));
  return shared ? [] : ["usePrivateIp: the server is not in its network (server_not_attached_to_network)"];
}

/** Of one balancer no two services have the same port for checks. Source: the provider's schema of `healthCheck.port`. */
export function serviceProblems({ loadBalancerId, healthCheck }: WireMap, store: Store): string[] {
  const portOf = (check: Wire | undefined): Wire | undefined => (check as WireMap | undefined)?.["port"];
  const others = all(store, balancerService).filter(({ inputs }) => inputs["loadBalancerId"] === loadBalancerId);
  const taken = others.some(({ inputs }) => portOf(inputs["healthCheck"]) === portOf(healthCheck));
  return taken ? ["healthCheck.port: in use by another service of the load balancer (invalid_input)"] : [];
}
