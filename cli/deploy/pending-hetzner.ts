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

/** True for what can be found at Hetzner by its name. */
export function isAtHetzner({ type }: PendingResource): boolean {
  return lists[type] !== undefined;
}

/** The id of what this installation made under the resource's name; null when there is none. */
export async function idAtHetzner(
  { env, signal }: Pick<CliContext, "env" | "signal">,
  installation: string,
  { type, inputs }: PendingResource,
  token: string,
): Promise<string | null> {
  const name = String(inputs?.["name"] ?? "");
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
