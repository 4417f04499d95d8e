import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import { placeProblems, serviceProblems, targetProblems } from "./hcloud-places.ts";
import { loadBalancerTypes, locationNames, networkZones } from "./hetzner-catalogue.ts";
import type { TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const network = "hcloud:index/network:Network";
const subnet = "hcloud:index/networkSubnet:NetworkSubnet";
const server = "hcloud:index/server:Server";
const loadBalancer = "hcloud:index/loadBalancer:LoadBalancer";
const own = { name: rule.hostName, labels: rule.labels };
const decimal = (number: number): string => String(1_000_000 + number);

/** `80`, `8000-8100` or `any`. */
const portRange = rule.matching(/^(any|\d{1,5}(-\d{1,5})?)$/, 'a port, a range "8000-8100" or any');

function firewallProblems(inputs: WireMap): CheckFailure[] {
  const rules = (inputs["rules"] ?? []) as WireMap[];
  return rules.flatMap((entry, index) => {
    const needsPort = entry["protocol"] === "tcp" || entry["protocol"] === "udp";
    const addresses = entry["direction"] === "in" ? "sourceIps" : "destinationIps";
    return [
      ...(needsPort === (entry["port"] !== undefined)
        ? []
        : [{ property: `rules[${index}].port`, reason: "needs a port for tcp and udp, none for the others" }]),
      ...(Array.isArray(entry[addresses]) && entry[addresses].length > 0
        ? []
        : [{ property: `rules[${index}].${addresses}`, reason: "needs at least one range" }]),
    ];
  });
}

function firstHost(range: Wire): string {
  return String(range).replace(/\.\d+\/\d+$/, ".1");
}

/** Types of the private network, the firewall and the load balancer. Source: docs.hetzner.cloud and the provider's schema. */
export const hcloudNetworkTypes: Readonly<Record<string, TypeRules>> = {
  [network]: {
    inputs: { ...own, ipRange: rule.ipv4Range(8, 24), deleteProtection: rule.anything },
    required: ["name", "labels"],
    unique: [["name"]],
    id: decimal,
    outputs: { deleteProtection: () => false, exposeRoutesToVswitch: () => false },
  },
  [subnet]: {
    inputs: {
      networkId: rule.numericIdOf(network),
      type: rule.oneOf("cloud", "server", "vswitch"),
      networkZone: rule.oneOf(...networkZones),
      ipRange: rule.ipv4Range(8, 29),
    },
    unique: [["networkId", "ipRange"]],
    id: (_number, inputs) => `${String(inputs["networkId"])}-${String(inputs["ipRange"])}`,
    outputs: { gateway: ({ inputs }) => firstHost(inputs["ipRange"] ?? "") },
  },
  "hcloud:index/firewall:Firewall": {
    inputs: {
      ...own,
      "rules[].description": rule.matching(/^.{1,255}$/, "at most 255 characters"),
      "rules[].direction": rule.oneOf("in", "out"),
      "rules[].protocol": rule.oneOf("tcp", "udp", "icmp", "gre", "esp"),
      "rules[].port": portRange,
      "rules[].sourceIps[]": rule.cidr,
      "rules[].destinationIps[]": rule.cidr,
    },
    required: ["name", "labels"],
    problems: firewallProblems,
    unique: [["name"]],
    id: decimal,
    outputs: { applyTos: () => [], rules: () => [] },
  },
  [loadBalancer]: {
    inputs: {
      ...own,
      loadBalancerType: rule.oneOf(...loadBalancerTypes),
      location: rule.oneOf(...locationNames),
      "algorithm.type": rule.oneOf("round_robin", "least_connections"),
      deleteProtection: rule.anything,
    },
    required: ["name", "labels"],
    unique: [["name"]],
    id: decimal,
    outputs: {
      ipv4: ({ number }) => rule.someIpv4(number),
      ipv6: ({ number }) => `${rule.someIpv6Network(number)}1`,
      algorithm: () => ({ type: "round_robin" }),
      deleteProtection: () => false,
      networkZone: () => "eu-central",
      networkId: () => 0,
      networkIp: () => "",
      targets: () => [],
    },
  },
  "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork": {
    inputs: {
      loadBalancerId: rule.numericIdOf(loadBalancer),
      subnetId: rule.idOf(subnet, /^\d+-[\d.]+\/\d+$/),
      ip: rule.ipv4,
      enablePublicInterface: rule.anything,
    },
    required: ["subnetId", "ip"],
    refusesCreate: placeProblems,
    unique: [["subnetId", "ip"]],
    id: (_number, inputs) => `${String(inputs["loadBalancerId"])}-${String(inputs["subnetId"]).split("-")[0] ?? ""}`,
    outputs: {
      enablePublicInterface: () => true,
      networkId: ({ inputs }) => Number(String(inputs["subnetId"]).split("-")[0]),
    },
  },
  "hcloud:index/loadBalancerService:LoadBalancerService": {
    inputs: {
      // Of a load balancer the id as a text: so the SDK has it.
      loadBalancerId: rule.idOf(loadBalancer, /^\d+$/),
      protocol: rule.oneOf("tcp", "http", "https"),
      listenPort: rule.port,
      destinationPort: rule.port,
      proxyprotocol: rule.anything,
      "healthCheck.protocol": rule.oneOf("tcp", "http"),
      "healthCheck.port": rule.port,
      "healthCheck.interval": rule.wholeNumber(3, 60),
      "healthCheck.timeout": rule.wholeNumber(1, 60),
      "healthCheck.retries": rule.wholeNumber(1, 5),
      "healthCheck.http.path": rule.matching(/^\//, "a path"),
      "healthCheck.http.statusCodes[]": rule.matching(/^[2-5](\d\d|\?\?)$/, 'a status code or "2??"'),
      "healthCheck.http.tls": rule.anything,
    },
    required: ["listenPort", "destinationPort", "healthCheck"],
    refusesCreate: serviceProblems,
    unique: [["loadBalancerId", "listenPort"]],
    id: (_number, inputs) => `${String(inputs["loadBalancerId"])}__${String(inputs["listenPort"])}`,
    outputs: { http: () => null, proxyprotocol: () => false },
  },
  "hcloud:index/loadBalancerTarget:LoadBalancerTarget": {
    inputs: {
      loadBalancerId: rule.numericIdOf(loadBalancer),
      type: rule.oneOf("server", "label_selector", "ip"),
      serverId: rule.numericIdOf(server),
      usePrivateIp: rule.anything,
    },
    required: ["serverId"],
    refusesCreate: targetProblems,
    unique: [["loadBalancerId", "serverId"]],
    id: (_number, inputs) => `lb-server-${String(inputs["loadBalancerId"])}-${String(inputs["serverId"])}`,
    outputs: { ip: () => "", labelSelector: () => "", usePrivateIp: () => false },
  },
};
