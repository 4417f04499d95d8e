import { Server } from "@pulumi/hcloud/server.js";
import * as pulumi from "@pulumi/pulumi";
import { PrivateKey } from "@pulumi/tls/privateKey.js";
import type { KeyName } from "../../config/keys.ts";
import type { Location } from "../../config/keys/hosts.ts";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";
import type { ServerTypeName } from "../../core/server-types.ts";
import type { Host, PublicAddress } from "../host.ts";
import { firstBootConfig } from "./cloud-init.ts";
import type { PublicIps } from "./public-ips.ts";
import { ServerTypeChoice } from "./server-type.ts";
import type { DeployKey } from "./ssh-keys.ts";

export interface HetznerServerArgs {
  readonly identity: CloudIdentity;
  /** What it does; last part of its name. */
  readonly role: string;
  /** Server types in order of preference; asked only while it does not exist. */
  readonly types: readonly [ServerTypeName, ...ServerTypeName[]];
  /** Configuration key that can hold another list, for messages. */
  readonly typesKey: KeyName;
  readonly location: Location;
  readonly token: pulumi.Input<string>;
  readonly deployKey: DeployKey;
  readonly ips: PublicIps;
  readonly firewallId: pulumi.Input<number>;
  /** Its place in the private network. */
  readonly network: { readonly subnetId: pulumi.Input<string>; readonly ip: string };
  /** Hetzner's daily copies of the disk. @default false */
  readonly backups?: boolean;
  /** Keeps it apart from the others of the group. @default none */
  readonly placementGroupId?: pulumi.Input<number>;
  /** Whether a change of the configuration may remove it: nothing on it is the only copy. @default false */
  readonly expendable?: boolean;
}

/** The user that Fidus signs in as on servers it bought. */
const deployUser = "fidus";
const image = "debian-13";

/** A Debian 13 server whose host key is known before it exists. It is never replaced by a changed list, image or key. */
export class HetznerServer extends pulumi.ComponentResource implements Host {
  readonly name: string;
  readonly address: pulumi.Output<string>;
  readonly port = 22;
  readonly user = deployUser;
  readonly hostKey: pulumi.Output<string>;
  readonly privateKey: pulumi.Output<string>;
  readonly machine: pulumi.Output<string>;
  readonly publicAddresses: readonly PublicAddress[];
  readonly serverId: pulumi.Output<number>;
  readonly serverType: pulumi.Output<string>;

  constructor(name: string, args: HetznerServerArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:HetznerServer", name, {}, opts);
    const { identity, role, types, typesKey, location, token, deployKey, ips, network, backups = false, placementGroupId } = args;
    const protect = args.expendable !== true;
    this.name = cloudName(identity, role);
    const hostKey = new PrivateKey(`${name}-host-key`, { algorithm: "ED25519" }, { parent: this, protect });
    const question = { server: this.name, types, typesKey, location, image, sshKeyId: deployKey.sshKeyId, token };
    const { serverType } = new ServerTypeChoice(`${name}-type`, question, { parent: this });
    const server = new Server(
      `${name}-server`,
      {
        name: this.name,
        serverType,
        image,
        location,
        sshKeys: [deployKey.sshKeyId],
        userData: firstBoot(this.name, deployKey, hostKey),
        publicNets: [{ ipv4: ips.ipv4.id.apply(Number), ipv6: ips.ipv6.id.apply(Number), ipv4Enabled: true, ipv6Enabled: true }],
        networks: [{ ...network, aliasIps: [] }], // without the empty list the provider detaches and attaches at every up
        firewallIds: [args.firewallId],
        backups,
        shutdownBeforeDeletion: true,
        labels: cloudLabels(identity, role),
        ...(placementGroupId === undefined ? {} : { placementGroupId }),
      },
      {
        parent: this,
        protect,
        ignoreChanges: ["image", "sshKeys", "userData"], // read at the first boot only; a change would replace the disk
        deleteBeforeReplace: true, // name and addresses exist once
      },
    );
    this.serverId = server.id.apply(Number);
    this.serverType = server.serverType;
    this.address = server.ipv4Address;
    this.hostKey = hostKey.publicKeyOpenssh.apply((text) => text.trim());
    this.privateKey = deployKey.privateKey;
    this.machine = server.id;
    this.publicAddresses = [
      { type: "A", value: ips.ipv4.ipAddress },
      { type: "AAAA", value: ips.ipv6.ipAddress },
    ];
    this.registerOutputs({ address: this.address, hostKey: this.hostKey, serverType: this.serverType });
  }
}

/** Secret as a whole, for the host's private key is in it. */
function firstBoot(hostname: string, deployKey: DeployKey, hostKey: PrivateKey): pulumi.Output<string> {
  const parts = pulumi.all([deployKey.publicKey, hostKey.privateKeyOpenssh, hostKey.publicKeyOpenssh]);
  return pulumi.secret(
    parts.apply(([authorizedKey, privateKey, publicKey]) =>
      firstBootConfig({ hostname, user: deployUser, authorizedKey, hostKey: { privateKey, publicKey: publicKey.trim() } }),
    ),
  );
}
