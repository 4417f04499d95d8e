import { SshKey } from "@pulumi/hcloud/sshKey.js";
import * as pulumi from "@pulumi/pulumi";
import { PrivateKey } from "@pulumi/tls/privateKey.js";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";

export interface DeployKeyArgs {
  readonly identity: CloudIdentity;
}

/** The key with which Fidus signs in to the stack's servers, made with the stack and kept in its state. */
export class DeployKey extends pulumi.ComponentResource {
  /** OpenSSH form; secret. */
  readonly privateKey: pulumi.Output<string>;
  readonly publicKey: pulumi.Output<string>;
  /** What Hetzner puts on new servers. */
  readonly sshKeyId: pulumi.Output<string>;

  constructor(name: string, { identity }: DeployKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:DeployKey", name, {}, opts);
    const pair = new PrivateKey(`${name}-pair`, { algorithm: "ED25519" }, { parent: this, protect: true });
    this.privateKey = pulumi.secret(pair.privateKeyOpenssh);
    this.publicKey = pair.publicKeyOpenssh.apply((text) => text.trim());
    const registered = new SshKey(
      `${name}-key`,
      { name: cloudName(identity, "deploy"), publicKey: this.publicKey, labels: cloudLabels(identity, "deploy") },
      { parent: this },
    );
    this.sshKeyId = registered.id;
    this.registerOutputs({ publicKey: this.publicKey, sshKeyId: this.sshKeyId });
  }
}
