import * as pulumi from "@pulumi/pulumi";
import type { Location } from "../../config/keys/hosts.ts";
import { throwIfAny } from "../../core/errors.ts";
import type { CloudIdentity } from "../../core/naming.ts";
import type { PublicAddress } from "../host.ts";
import { balancerIp, type HostPlan } from "../pro-topology.ts";
import { survivalProblems } from "../survival.ts";
import { Balancer } from "./balancer.ts";
import { ClusterMember } from "./cluster-member.ts";
import { HostGroup } from "./host-group.ts";
import { PrivateNetwork } from "./network.ts";
import { DeployKey } from "./ssh-keys.ts";

export interface HetznerClusterArgs {
  readonly identity: CloudIdentity;
  /** Who runs where; any one of them may be lost. */
  readonly hosts: readonly HostPlan[];
  readonly location: Location;
  /** Hetzner Cloud API token. */
  readonly token: pulumi.Input<string>;
  /** IPv4 range of the private network. */
  readonly networkRange: string;
  /** Networks that may reach SSH. */
  readonly adminRanges: readonly string[];
  /** lb11, lb21 or lb31. */
  readonly balancerType: string;
  /** Hetzner's daily copies of the servers' disks. */
  readonly backups: boolean;
}

/** Several servers behind a load balancer, in a network of their own. Only the balancer has public web ports. */
export class HetznerCluster extends pulumi.ComponentResource {
  readonly members: readonly ClusterMember[];
  /** What the public name shall lead to: the balancer. */
  readonly publicAddresses: readonly PublicAddress[];

  constructor(name: string, args: HetznerClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:HetznerCluster", name, {}, opts);
    const { identity, hosts, location, token, networkRange, adminRanges, balancerType, backups } = args;
    throwIfAny(`HetznerCluster "${name}"`, survivalProblems(hosts));
    const own = { parent: this };
    const network = new PrivateNetwork(`${name}-network`, { identity, range: networkRange, location }, own);
    const deployKey = new DeployKey(`${name}-deploy`, { identity }, own);
    const shared = { identity, network, deployKey, token, backups };
    const members = groupsOf(hosts).flatMap(([role, plans]) => {
      const group = new HostGroup(`${name}-${role}`, { identity, role, adminRanges }, own);
      return plans.map((plan) => [plan, new ClusterMember(`${name}-${plan.name}`, { ...shared, plan, group }, own)] as const);
    });
    const targets = members
      .filter(([{ roles }]) => roles.includes("traefik"))
      .map(([plan, { serverId }]) => ({ name: plan.name, serverId }));
    const place = { subnetId: network.subnetId, ip: balancerIp(networkRange) };
    const balancer = { identity, type: balancerType, location, network: place, targets };
    this.publicAddresses = new Balancer(`${name}-balancer`, balancer, own).publicAddresses;
    this.members = members.map(([, member]) => member);
    this.registerOutputs({});
  }
}

/** The hosts by group, in their order. */
function groupsOf(hosts: readonly HostPlan[]): (readonly [group: string, hosts: readonly HostPlan[]])[] {
  const names = [...new Set(hosts.map(({ group }) => group))];
  return names.map((name) => [name, hosts.filter(({ group }) => group === name)]);
}
