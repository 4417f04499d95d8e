import { Alias } from "@pulumi/aws/kms/alias.js";
import { Key } from "@pulumi/aws/kms/key.js";
import * as pulumi from "@pulumi/pulumi";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { policyText, type Statement } from "./policy.ts";
import { awsTags } from "./tags.ts";

export interface EncryptionKeyArgs {
  readonly identity: CloudIdentity;
  /** What it protects; last part of its name. */
  readonly role: string;
  readonly about: string;
  /** The AWS account. */
  readonly account: string;
  /** Who may use it beside those whom the account's IAM lets. @default nobody */
  readonly statements?: readonly Statement[];
}

/** Longest wait that AWS offers between the deletion of a key and the end of everything it encrypted, days. */
const deletionWindowInDays = 30;

/** A protected KMS key that turns every year, with a name. */
export class EncryptionKey extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: EncryptionKeyArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:EncryptionKey", name, {}, opts);
    const { identity, role, about, account, statements = [] } = args;
    const key = new Key(
      `${name}-key`,
      {
        description: about,
        deletionWindowInDays,
        enableKeyRotation: true,
        policy: policyText([accountDecides(account), ...statements]),
        tags: awsTags(identity, role),
      },
      { parent: this, protect: true },
    );
    new Alias(`${name}-alias`, { name: keyAlias(identity, role), targetKeyId: key.keyId }, { parent: this });
    this.arn = key.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** The key's name, by which the other region can find it. */
export function keyAlias(identity: Pick<CloudIdentity, "installation" | "stack">, role: string): string {
  return `alias/${cloudName(identity, role)}`;
}

function accountDecides(account: string): Statement {
  const Principal = { AWS: `arn:aws:iam::${account}:root` };
  return { Sid: "AccountDecides", Effect: "Allow", Principal, Action: "kms:*", Resource: "*" };
}

/** Lets CloudWatch encrypt the log groups of this account and region. Source: CloudWatch Logs user guide. */
export function forLogs(region: string, account: string): Statement {
  return {
    Sid: "Logs",
    Effect: "Allow",
    Principal: { Service: `logs.${region}.amazonaws.com` },
    Action: ["kms:Encrypt*", "kms:Decrypt*", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:Describe*"],
    Resource: "*",
    Condition: { ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:aws:logs:${region}:${account}:log-group:*` } },
  };
}
