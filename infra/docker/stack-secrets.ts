import * as pulumi from "@pulumi/pulumi";
import { RandomPassword } from "@pulumi/random/randomPassword.js";

export interface StackSecretsArgs {
  /** Raised by one to rotate the passwords. */
  readonly generation: number;
  /** Numbers of the encryption keys in use: the newest seals, those down to the oldest still open. */
  readonly encryption: { readonly newest: number; readonly oldest: number };
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
  /** Keys that encrypt stored data, newest first, split by spaces. One that left stays in the state: a backup may need it. */
  readonly encryption: pulumi.Output<string>;
  /** Keys the fingerprints that show in labels. */
  readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, { generation, encryption }: StackSecretsArgs, opts?: pulumi.ComponentResourceOptions) {
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
    const keys = Array.from({ length: encryption.newest }, (_, index) => index + 1).map((number) =>
      lasting(number === 1 ? "encryption" : `encryption-${number}`),
    );
    this.encryption = pulumi.secret(pulumi.all(keys.slice(encryption.oldest - 1).toReversed()).apply((ring) => ring.join(" ")));
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
