import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import { serverPlaceProblems } from "./hcloud-places.ts";
import { imageNames, locationNames, soldTypes } from "./hetzner-catalogue.ts";
import type { Made, TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const server = "hcloud:index/server:Server";
const sshKey = "hcloud:index/sshKey:SshKey";
const primaryIp = "hcloud:index/primaryIp:PrimaryIp";
const placementGroup = "hcloud:index/placementGroup:PlacementGroup";
const subnet = "hcloud:index/networkSubnet:NetworkSubnet";
const own = { name: rule.hostName, labels: rule.labels };
const decimal = (number: number): string => String(1_000_000 + number);

/** Hetzner's limit for user data, bytes. */
const userDataLimit = 32 * 1024;

function serverProblems(inputs: WireMap): CheckFailure[] {
  const sold = soldTypes[String(inputs["serverType"])];
  const problems: CheckFailure[] = [];
  if (sold && !sold.locations.includes(String(inputs["location"])))
    problems.push({ property: "location", reason: `this type is sold in ${sold.locations.join(", ")} only` });
  if (inputs["deleteProtection"] !== inputs["rebuildProtection"])
    problems.push({ property: "rebuildProtection", reason: "needs the value of deleteProtection" });
  return problems;
}

/** A change of type keeps architecture and disk: source replace-rules.md 6. */
function typeChange(before: WireMap, after: WireMap): string[] {
  const [old, now] = [soldTypes[String(before["serverType"])], soldTypes[String(after["serverType"])]];
  if (!old || !now || old === now) return [];
  if (old.architecture !== now.architecture) return ["serverType: another architecture needs a new server (invalid_server_type)"];
  return now.disk < old.disk && after["keepDisk"] !== true ? ["serverType: the disk would shrink (invalid_server_type)"] : [];
}

/** The address of a primary IP that the server was given; else one that Hetzner makes. */
function publicAddress(made: Made, family: "ipv4" | "ipv6", own: string): Wire {
  const nets = (made.inputs["publicNets"] ?? []) as WireMap[];
  const assigned = nets.map((net) => net[family]).find((id) => id !== undefined && id !== null);
  if (nets.some((net) => net[`${family}Enabled`] === false)) return "";
  return assigned === undefined ? own : (made.store.find(primaryIp, String(assigned))?.outputs["ipAddress"] ?? own);
}

/** Servers and what belongs to one. Source: docs.hetzner.cloud and the provider's schema. */
export const hcloudServerTypes: Readonly<Record<string, TypeRules>> = {
  [server]: {
    inputs: {
      ...own,
      serverType: rule.oneOf(...Object.keys(soldTypes)),
      image: rule.oneOf(...imageNames),
      location: rule.oneOf(...locationNames),
      userData: {
        rule: `cloud-config of at most ${userDataLimit} bytes`,
        ok: (value) =>
          typeof value === "string" && value.startsWith("#cloud-config\n") && Buffer.byteLength(value) <= userDataLimit,
      },
      "sshKeys[]": { ...rule.anything, refersTo: sshKey },
      "firewallIds[]": rule.numericIdOf("hcloud:index/firewall:Firewall"),
      placementGroupId: rule.numericIdOf(placementGroup),
      backups: rule.anything,
      keepDisk: rule.anything,
      deleteProtection: rule.anything,
      rebuildProtection: rule.anything,
      shutdownBeforeDeletion: rule.anything,
      "publicNets[].ipv4": rule.numericIdOf(primaryIp),
      "publicNets[].ipv6": rule.numericIdOf(primaryIp),
      "publicNets[].ipv4Enabled": rule.anything,
      "publicNets[].ipv6Enabled": rule.anything,
      "networks[].subnetId": rule.idOf(subnet, /^\d+-[\d.]+\/\d+$/),
      "networks[].ip": rule.ipv4,
      "networks[].aliasIps[]": rule.ipv4,
    },
    required: ["name", "labels", "image", "location"],
    problems: serverProblems,
    refusesCreate: serverPlaceProblems,
    refusesUpdate: typeChange,
    unique: [["name"]],
    id: decimal,
    outputs: {
      allowDeprecatedImages: () => false,
      backupWindow: () => "",
      backups: () => false,
      datacenter: ({ inputs }) => `${String(inputs["location"])}-dc1`,
      deleteProtection: () => false,
      firewallIds: () => [],
      ignoreRemoteFirewallIds: () => false,
      ipv4Address: (made) => publicAddress(made, "ipv4", rule.someIpv4(made.number)),
      ipv6Address: (made) => publicAddress(made, "ipv6", `${rule.someIpv6Network(made.number)}1`),
      ipv6Network: ({ number }) => `${rule.someIpv6Network(number)}/64`,
      keepDisk: () => false,
      primaryDiskSize: ({ inputs }) => soldTypes[String(inputs["serverType"])]?.disk ?? 0,
      rebuildProtection: () => false,
      shutdownBeforeDeletion: () => false,
      status: () => "running",
    },
  },
  [primaryIp]: {
    inputs: {
      ...own,
      type: rule.oneOf("ipv4", "ipv6"),
      location: rule.oneOf(...locationNames),
      assigneeType: rule.oneOf("server"),
      autoDelete: rule.anything,
      deleteProtection: rule.anything,
    },
    required: ["name", "labels", "location", "assigneeType", "autoDelete"],
    unique: [["name"]],
    id: decimal,
    outputs: {
      assigneeId: () => 0,
      datacenter: ({ inputs }) => `${String(inputs["location"])}-dc1`,
      deleteProtection: () => false,
      ipAddress: ({ inputs, number }) => (inputs["type"] === "ipv4" ? rule.someIpv4(number) : `${rule.someIpv6Network(number)}1`),
      ipNetwork: ({ inputs, number }) => (inputs["type"] === "ipv4" ? "" : `${rule.someIpv6Network(number)}/64`),
    },
  },
  [sshKey]: {
    inputs: { ...own, publicKey: rule.publicKey },
    required: ["name", "labels"],
    unique: [["name"], ["publicKey"]],
    id: decimal,
    outputs: { fingerprint: ({ number }) => `00:${String(number).padStart(2, "0")}` },
    deletableInUse: true, // a server holds a copy
  },
  [placementGroup]: {
    inputs: { ...own, type: rule.oneOf("spread") },
    required: ["name", "labels"],
    unique: [["name"]],
    id: decimal,
    outputs: { servers: () => [] },
  },
};
