import { PrimaryIp } from "@pulumi/hcloud/primaryIp.js";
import * as pulumi from "@pulumi/pulumi";
import type { Location } from "../../config/keys/hosts.ts";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";

export interface PublicIpsArgs {
  readonly identity: CloudIdentity;
  /** Which server they are for; part of their names. */
  readonly role: string;
  readonly location: Location;
  /** Whether they may go with their server: nothing leads to them. @default false */
  readonly expendable?: boolean;
}

/** A server's two public addresses. They outlive it: a server made anew keeps them, and so does the public name. */
export class PublicIps extends pulumi.ComponentResource {
  readonly ipv4: PrimaryIp;
  readonly ipv6: PrimaryIp;

  constructor(name: string, args: PublicIpsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:PublicIps", name, {}, opts);
    const { identity, role, location, expendable = false } = args;
    const address = (type: "ipv4" | "ipv6"): PrimaryIp =>
      new PrimaryIp(
        `${name}-${type}`,
        {
          name: cloudName(identity, `${role}-${type}`),
          type,
          location,
          assigneeType: "server",
          autoDelete: false,
          labels: cloudLabels(identity, `${role}-${type}`),
        },
        { parent: this, protect: !expendable, deleteBeforeReplace: true },
      );
    this.ipv4 = address("ipv4");
    this.ipv6 = address("ipv6");
    this.registerOutputs({ ipv4: this.ipv4.ipAddress, ipv6: this.ipv6.ipAddress });
  }
}
