import { PlacementGroup } from "@pulumi/hcloud/placementGroup.js";
import * as pulumi from "@pulumi/pulumi";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";
import { Firewall } from "./firewall.ts";

export interface HostGroupArgs {
  readonly identity: CloudIdentity;
  /** What its hosts do; last part of the visible names. */
  readonly role: string;
  /** Networks that may reach SSH. */
  readonly adminRanges: readonly string[];
}

/**
 * What hosts that are alike share: what may come in from outside (SSH for administrators and nothing else), and Hetzner's
 * promise to keep at most ten of them on different machines.
 */
export class HostGroup extends pulumi.ComponentResource {
  readonly firewallId: pulumi.Output<number>;
  readonly placementGroupId: pulumi.Output<number>;

  constructor(name: string, args: HostGroupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:HostGroup", name, {}, opts);
    const { identity, role, adminRanges } = args;
    const apart = new PlacementGroup(
      `${name}-apart`,
      { name: cloudName(identity, role), type: "spread", labels: cloudLabels(identity, role) },
      { parent: this },
    );
    this.firewallId = new Firewall(`${name}-firewall`, { identity, role, adminRanges }, { parent: this }).firewallId;
    this.placementGroupId = apart.id.apply(Number);
    this.registerOutputs({ firewallId: this.firewallId, placementGroupId: this.placementGroupId });
  }
}
