import type * as pulumi from "@pulumi/pulumi";

/** A DNS record that leads to a host. */
export interface PublicAddress {
  readonly type: "A" | "AAAA" | "CNAME";
  readonly value: pulumi.Input<string>;
}

/**
 * A Debian 13 machine that can be configured over SSH: bought at Hetzner or the operator's own. What follows knows no more
 * about it than this.
 */
export interface Host {
  /** What people call it: part of names and messages. */
  readonly name: string;
  /** Where SSH listens. */
  readonly address: pulumi.Output<string>;
  readonly port: number;
  /** root, or a user with sudo without a password. */
  readonly user: string;
  /** Public host key in the form of known_hosts, without the name: a machine with another one is refused. */
  readonly hostKey: pulumi.Output<string>;
  /** Key that signs in, OpenSSH form; secret. */
  readonly privateKey: pulumi.Output<string>;
  /** Changes when it becomes another machine: then everything on it must be made anew. */
  readonly machine: pulumi.Output<string>;
  /** What the public name shall lead to. */
  readonly publicAddresses: readonly PublicAddress[];
}

/** How to reach a host, for people and for `./fidus`; holds no secret. */
export interface Reach {
  readonly name: string;
  readonly address: pulumi.Output<string>;
  readonly port: number;
  readonly user: string;
  readonly hostKey: pulumi.Output<string>;
}

export function reachOf({ name, address, port, user, hostKey }: Host): Reach {
  return { name, address, port, user, hostKey };
}
