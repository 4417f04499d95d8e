import * as pulumi from "@pulumi/pulumi";
import type { Location } from "../../config/keys/hosts.ts";
import { nthAddress } from "../../core/cidr.ts";
import type { CloudIdentity } from "../../core/naming.ts";
import type { ServerTypeName } from "../../core/server-types.ts";
import type { Size } from "../../core/units.ts";
import type { Host, PublicAddress } from "../host.ts";
import { DataVolume } from "./data-volume.ts";
import { Firewall } from "./firewall.ts";
import { PrivateNetwork } from "./network.ts";
import { PublicIps } from "./public-ips.ts";
import { HetznerServer } from "./server.ts";
import { DeployKey } from "./ssh-keys.ts";

export interface HetznerHostArgs {
  readonly identity: CloudIdentity;
  /** Server types in order of preference. */
  readonly types: readonly [ServerTypeName, ...ServerTypeName[]];
  readonly location: Location;
  /** Hetzner Cloud API token. */
  readonly token: pulumi.Input<string>;
  /** IPv4 range of the private network. */
  readonly networkRange: string;
  /** Networks that may reach SSH. */
  readonly adminRanges: readonly string[];
  /** Disk for uploaded files. */
  readonly uploadsSize: Size;
  /** Hetzner's daily copies of the server's disk. */
  readonly backups: boolean;
}

/** One server with all that belongs to it: addresses, firewall, network, keys and a disk for uploads. */
export class HetznerHost extends pulumi.ComponentResource implements Host {
  readonly name: string;
  readonly address: pulumi.Output<string>;
  readonly port: number;
  readonly user: string;
  readonly hostKey: pulumi.Output<string>;
  readonly privateKey: pulumi.Output<string>;
  readonly machine: pulumi.Output<string>;
  readonly publicAddresses: readonly PublicAddress[];
  /** Device path of the disk for uploads. */
  readonly uploadsDevice: pulumi.Output<string>;

  constructor(name: string, args: HetznerHostArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:HetznerHost", name, {}, opts);
    const { identity, types, location, token, networkRange, adminRanges, uploadsSize, backups } = args;
    const own = { parent: this };
    const network = new PrivateNetwork(`${name}-network`, { identity, range: networkRange, location }, own);
    const firewall = new Firewall(`${name}-firewall`, { identity, role: "web", adminRanges, publicPorts: [80, 443] }, own);
    const ips = new PublicIps(`${name}-ips`, { identity, role: "server", location }, own);
    const deployKey = new DeployKey(`${name}-deploy`, { identity }, own);
    const server = new HetznerServer(
      `${name}-server`,
      {
        identity,
        role: "server",
        types,
        typesKey: "serverTypes",
        location,
        token,
        deployKey,
        ips,
        firewallId: firewall.firewallId,
        network: { subnetId: network.subnetId, ip: nthAddress(networkRange, 10) },
        backups,
      },
      own,
    );
    const uploads = { identity, role: "uploads", size: uploadsSize, location, serverId: server.serverId };
    this.uploadsDevice = new DataVolume(`${name}-uploads`, uploads, own).device;
    this.name = server.name;
    this.address = server.address;
    this.port = server.port;
    this.user = server.user;
    this.hostKey = server.hostKey;
    this.privateKey = server.privateKey;
    this.machine = server.machine;
    this.publicAddresses = server.publicAddresses;
    this.registerOutputs({ address: this.address, hostKey: this.hostKey, uploadsDevice: this.uploadsDevice });
  }
}
