import { StorageBox } from "@pulumi/hcloud/storageBox.js";
import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";
import { PrivateKey } from "@pulumi/tls/privateKey.js";
import type { Location } from "../../config/keys/hosts.ts";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";
import { places } from "./locations.ts";

export interface BackupBoxArgs {
  readonly identity: CloudIdentity;
  /** Storage Box type: bx11 is 1 TB. */
  readonly type: string;
  /** Where the servers are; the box is elsewhere. */
  readonly location: Location;
}

/** Where backups go: a protected Storage Box away from the servers, reached over SSH on port 23 with a key of its own. */
export class BackupBox extends pulumi.ComponentResource {
  /** Host name of the box. */
  readonly server: pulumi.Output<string>;
  readonly username: pulumi.Output<string>;
  /** Key that signs in, OpenSSH form; secret. */
  readonly privateKey: pulumi.Output<string>;

  constructor(name: string, args: BackupBoxArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:BackupBox", name, {}, opts);
    const { identity, type, location } = args;
    const least = { minLower: 1, minUpper: 1, minNumeric: 1, minSpecial: 1 };
    const password = new RandomPassword(`${name}-password`, { length: 40, ...least }, { parent: this });
    const pair = new PrivateKey(`${name}-pair`, { algorithm: "ED25519" }, { parent: this, protect: true });
    const box = new StorageBox(
      `${name}-box`,
      {
        name: cloudName(identity, "backup"),
        storageBoxType: type,
        location: places[location].backupLocation,
        password: password.result,
        sshKeys: [pair.publicKeyOpenssh.apply((text) => text.trim())],
        accessSettings: { sshEnabled: true, reachableExternally: true },
        labels: cloudLabels(identity, "backup"),
      },
      { parent: this, protect: true, ignoreChanges: ["sshKeys"] }, // other keys would be another, empty box
    );
    this.server = box.server;
    this.username = box.username;
    this.privateKey = pulumi.secret(pair.privateKeyOpenssh);
    this.registerOutputs({ server: this.server, username: this.username });
  }
}
