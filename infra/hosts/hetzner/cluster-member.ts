import * as pulumi from "@pulumi/pulumi";
import type { CloudIdentity } from "../../core/naming.ts";
import type { Host } from "../host.ts";
import type { HostPlan, Role } from "../pro-topology.ts";
import { DataVolume } from "./data-volume.ts";
import type { HostGroup } from "./host-group.ts";
import type { PrivateNetwork } from "./network.ts";
import { PublicIps } from "./public-ips.ts";
import { HetznerServer } from "./server.ts";
import type { DeployKey } from "./ssh-keys.ts";

export interface ClusterMemberArgs {
  readonly identity: CloudIdentity;
  readonly plan: HostPlan;
  readonly group: HostGroup;
  readonly network: PrivateNetwork;
  readonly deployKey: DeployKey;
  /** Hetzner Cloud API token. */
  readonly token: pulumi.Input<string>;
  /** Hetzner's daily copies of the server's disk. */
  readonly backups: boolean;
}

/** Roles whose host holds a vote or data: it is protected. Any other can be made anew, or taken away by a smaller number. */
const lasting: readonly Role[] = ["etcd", "sentinel", "redis", "postgres", "monitoring"];

/** One server of a cluster, with what the software on it has to know. */
export class ClusterMember extends pulumi.ComponentResource {
  readonly host: Host;
  readonly roles: readonly Role[];
  /** Where the others reach it. */
  readonly privateIp: string;
  /** Device path of the disk for the database; null where there is none. */
  readonly dataDevice: pulumi.Output<string> | null;
  readonly serverId: pulumi.Output<number>;

  constructor(name: string, args: ClusterMemberArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:ClusterMember", name, {}, opts);
    const { identity, plan, group, network, deployKey, token, backups } = args;
    const { name: role, roles, types, typesKey, location, privateIp, data } = plan;
    const own = { parent: this };
    const expendable = !roles.some((each) => lasting.includes(each));
    const ips = new PublicIps(`${name}-ips`, { identity, role, location, expendable }, own);
    const { firewallId, placementGroupId } = group;
    const place = { subnetId: network.subnetId, ip: privateIp };
    const bought = { types, typesKey, location, token, backups, expendable };
    const belongs = { ips, deployKey, firewallId, placementGroupId, network: place };
    const server = new HetznerServer(`${name}-server`, { identity, role, ...bought, ...belongs }, own);
    const disk = data === null ? null : { identity, role: `${role}-data`, size: data, location, serverId: server.serverId };
    this.host = server;
    this.roles = roles;
    this.privateIp = privateIp;
    this.dataDevice = disk && new DataVolume(`${name}-data`, disk, own).device;
    this.serverId = server.serverId;
    this.registerOutputs({ address: server.address, privateIp, dataDevice: this.dataDevice });
  }
}
