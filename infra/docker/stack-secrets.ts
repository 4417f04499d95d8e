import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";

export interface StackSecretsArgs {
  /** Raised by one to rotate the passwords. */
  readonly generation: number;
}

/** Every secret the stack makes for itself: generated once, encrypted in the state, never shown. */
export class StackSecrets extends pulumi.ComponentResource {
  /** Password of the database role `fidus`. */
  readonly database: pulumi.Output<string>;
  readonly cache: pulumi.Output<string>;
  /** Signs sessions: rotating it signs everybody out. */
  readonly session: pulumi.Output<string>;
  /** Key of the LiteLLM gateway; LiteLLM wants it to begin with `sk-`. */
  readonly gateway: pulumi.Output<string>;
  /** Encrypts stored data: never rotated here, since what it sealed would be lost. */
  readonly encryption: pulumi.Output<string>;
  /** Keys the fingerprints that show in labels. */
  readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, { generation }: StackSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:StackSecrets", name, {}, opts);
    const rotating = (role: string): pulumi.Output<string> =>
      new RandomPassword(
        `${name}-${role}`,
        { length: 40, special: false, keepers: { generation: String(generation) } },
        { parent: this },
      ).result;
    const lasting = (role: string): pulumi.Output<string> =>
      new RandomPassword(`${name}-${role}`, { length: 43, special: false }, { parent: this, protect: true }).result;
    this.database = pulumi.secret(rotating("database"));
    this.cache = pulumi.secret(rotating("cache"));
    this.session = pulumi.secret(rotating("session"));
    this.gateway = pulumi.secret(pulumi.interpolate`sk-${rotating("gateway")}`);
    this.encryption = pulumi.secret(lasting("encryption"));
    this.fingerprint = pulumi.secret(lasting("fingerprint"));
    this.registerOutputs({
      database: this.database,
      cache: this.cache,
      session: this.session,
      gateway: this.gateway,
      encryption: this.encryption,
      fingerprint: this.fingerprint,
    });
  }
}
