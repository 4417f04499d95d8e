import { Network } from "@pulumi/hcloud/network.js";
import { NetworkSubnet } from "@pulumi/hcloud/networkSubnet.js";
import * as pulumi from "@pulumi/pulumi";
import type { Location } from "../../config/keys/hosts.ts";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";
import { places } from "./locations.ts";

export interface PrivateNetworkArgs {
  readonly identity: CloudIdentity;
  /** IPv4 range of the network; its one subnet has all of it. */
  readonly range: string;
  /** Where the servers are. */
  readonly location: Location;
}

/** The servers' own network. Hetzner routes it (no broadcasts, no floating addresses) and its firewalls do not look into it. */
export class PrivateNetwork extends pulumi.ComponentResource {
  /** What servers and load balancers are attached to. */
  readonly subnetId: pulumi.Output<string>;

  constructor(name: string, args: PrivateNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:PrivateNetwork", name, {}, opts);
    const { identity, range, location } = args;
    const network = new Network(
      `${name}-network`,
      { name: cloudName(identity, "network"), ipRange: range, labels: cloudLabels(identity, "network") },
      { parent: this, protect: true }, // another range would be another network, and every server would leave this one
    );
    const subnet = new NetworkSubnet(
      `${name}-subnet`,
      { networkId: network.id.apply(Number), type: "cloud", networkZone: places[location].networkZone, ipRange: range },
      { parent: this, protect: true },
    );
    this.subnetId = subnet.id;
    this.registerOutputs({ subnetId: this.subnetId });
  }
}
