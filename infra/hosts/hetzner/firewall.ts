import { Firewall as HcloudFirewall } from "@pulumi/hcloud/firewall.js";
import * as pulumi from "@pulumi/pulumi";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";

export interface FirewallArgs {
  readonly identity: CloudIdentity;
  /** Which hosts it is for; last part of its name. */
  readonly role: string;
  /** Networks that may reach SSH. */
  readonly adminRanges: readonly string[];
  /** Ports that everybody may reach. @default none */
  readonly publicPorts?: readonly number[];
}

/** What may come in from outside; going out is free. It does not look into the private network. */
export class Firewall extends pulumi.ComponentResource {
  readonly firewallId: pulumi.Output<number>;

  constructor(name: string, args: FirewallArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:Firewall", name, {}, opts);
    const { identity, role, adminRanges, publicPorts = [] } = args;
    const firewall = new HcloudFirewall(
      `${name}-firewall`,
      { name: cloudName(identity, role), labels: cloudLabels(identity, role), rules: inboundRules(adminRanges, publicPorts) },
      { parent: this },
    );
    this.firewallId = firewall.id.apply(Number);
    this.registerOutputs({ firewallId: this.firewallId });
  }
}

/** One allowed way in. */
export interface InboundRule {
  readonly description: string;
  readonly direction: "in";
  readonly protocol: "tcp" | "icmp";
  readonly port?: string;
  readonly sourceIps: string[];
}

const anywhere = ["0.0.0.0/0", "::/0"];

/** SSH for administrators, the public ports for everybody, and ICMP, without which large packets get lost. */
export function inboundRules(adminRanges: readonly string[], publicPorts: readonly number[]): InboundRule[] {
  const tcp = (description: string, port: number, sourceIps: readonly string[]): InboundRule => {
    return { description, direction: "in", protocol: "tcp", port: String(port), sourceIps: [...sourceIps] };
  };
  return [
    tcp("SSH for administrators", 22, adminRanges),
    ...publicPorts.map((port) => tcp(`public port ${port}`, port, anywhere)),
    { description: "path MTU and reachability", direction: "in", protocol: "icmp", sourceIps: [...anywhere] },
  ];
}
