import { isIPv4, isIPv6 } from "node:net";
import * as pulumi from "@pulumi/pulumi";
import type { Host, PublicAddress } from "../host.ts";

export interface OwnHostArgs {
  /** Name or address of the machine. */
  readonly address: string;
  /** Port of its SSH server. */
  readonly port: number;
  /** root, or a user with sudo without a password. */
  readonly user: string;
  /** Its public host key, as known_hosts has it after the name. */
  readonly hostKey: string;
  /** Key that signs in, OpenSSH form. */
  readonly privateKey: pulumi.Input<string>;
}

/** A machine of the operator's: nothing is bought, nothing is made until something is to be configured on it. */
export class OwnHost extends pulumi.ComponentResource implements Host {
  readonly name: string;
  readonly address: pulumi.Output<string>;
  readonly port: number;
  readonly user: string;
  readonly hostKey: pulumi.Output<string>;
  readonly privateKey: pulumi.Output<string>;
  readonly machine: pulumi.Output<string>;
  readonly publicAddresses: readonly PublicAddress[];

  constructor(name: string, args: OwnHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:OwnHost", name, {}, opts);
    const { address, port, user, hostKey, privateKey } = args;
    this.name = name;
    this.address = pulumi.output(address);
    this.port = port;
    this.user = user;
    this.hostKey = pulumi.output(hostKey);
    this.privateKey = pulumi.secret(privateKey);
    // A machine set up anew has another host key.
    this.machine = pulumi.output(hostKey);
    this.publicAddresses = [{ type: recordType(address), value: address }];
    this.registerOutputs({ address: this.address, hostKey: this.hostKey });
  }
}

function recordType(address: string): PublicAddress["type"] {
  if (isIPv4(address)) return "A";
  return isIPv6(address) ? "AAAA" : "CNAME";
}
