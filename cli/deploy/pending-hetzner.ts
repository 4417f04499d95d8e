import got from "got";
import { installationLabel } from "../../infra/core/naming.ts";
import type { CliContext } from "../context.ts";
import type { PendingResource } from "./pending-resource.ts";

/** Where Hetzner lists what a type makes, and the key of the list. Names are unique for each. Source: docs.hetzner.cloud. */
const lists: Readonly<Record<string, string>> = {
  "hcloud:index/firewall:Firewall": "firewalls",
  "hcloud:index/loadBalancer:LoadBalancer": "load_balancers",
  "hcloud:index/network:Network": "networks",
  "hcloud:index/placementGroup:PlacementGroup": "placement_groups",
  "hcloud:index/primaryIp:PrimaryIp": "primary_ips",
  "hcloud:index/server:Server": "servers",
  "hcloud:index/sshKey:SshKey": "ssh_keys",
  "hcloud:index/storageBox:StorageBox": "storage_boxes",
  "hcloud:index/volume:Volume": "volumes",
};

type Inputs = Readonly<Record<string, unknown>>;
const text = (inputs: Inputs, key: string): string => String(inputs[key]);
const networkOf = (inputs: Inputs): string => text(inputs, "subnetId").split("-")[0] ?? "";

/**
 * Ids of what belongs to other resources: they follow from what was asked for, and those resources are this installation's. Whether
 * it was made the refresh tells: it drops what it does not find. Source: the provider's Create and Read (v1.68.0).
 */
const parts: Readonly<Record<string, (inputs: Inputs) => string>> = {
  "hcloud:index/loadBalancerNetwork:LoadBalancerNetwork": (inputs) => `${text(inputs, "loadBalancerId")}-${networkOf(inputs)}`,
  "hcloud:index/loadBalancerService:LoadBalancerService": (inputs) =>
    `${text(inputs, "loadBalancerId")}__${text(inputs, "listenPort")}`,
  "hcloud:index/loadBalancerTarget:LoadBalancerTarget": (inputs) =>
    `lb-server-${text(inputs, "loadBalancerId")}-${text(inputs, "serverId")}`,
  "hcloud:index/networkSubnet:NetworkSubnet": (inputs) => `${text(inputs, "networkId")}-${text(inputs, "ipRange")}`,
  "hcloud:index/volumeAttachment:VolumeAttachment": (inputs) => text(inputs, "volumeId"),
  "hcloud:index/zoneRrset:ZoneRrset": (inputs) => `${text(inputs, "name")}/${text(inputs, "type")}`,
};

/** True for what can be found at Hetzner: by its name, or by what it belongs to. */
export function isAtHetzner({ type }: PendingResource): boolean {
  return lists[type] !== undefined || parts[type] !== undefined;
}

/** The id of what this installation made, or may have made, for the resource; null when there is none. */
export async function idAtHetzner(
  { env, signal }: Pick<CliContext, "env" | "signal">,
  installation: string,
  { type, inputs = {} }: PendingResource,
  token: string,
): Promise<string | null> {
  const part = parts[type];
  if (part !== undefined) return part(inputs);
  const name = String(inputs["name"] ?? "");
  const list = lists[type] ?? "";
  const standard = list === "storage_boxes" ? "https://api.hetzner.com/v1" : "https://api.hetzner.cloud/v1";
  const answer = await got(`${env["HCLOUD_ENDPOINT"] ?? standard}/${list}`, {
    searchParams: { name },
    headers: { authorization: `Bearer ${token}` },
    timeout: { request: 20_000 },
    signal,
  }).json<Readonly<Record<string, readonly Listed[]>>>();
  const ours = answer[list]?.find((one) => one.name === name && one.labels?.[installationLabel] === installation);
  return ours === undefined ? null : String(ours.id);
}

interface Listed {
  readonly id: number;
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
}
