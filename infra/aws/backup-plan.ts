import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { keyAlias } from "./encryption-key.ts";
import type { Statement } from "./policy.ts";

/** Who may shorten a backup's life. */
export type LockMode = "GOVERNANCE" | "COMPLIANCE";

export interface BackupPlan {
  readonly lockMode: LockMode;
  /** How long a backup cannot be deleted, and after which it goes. */
  readonly days: number;
  /** The other region's bucket; null while it does not exist. */
  readonly copyTo: CopyTarget | null;
}

/** The bucket and key of the other region, by names that both stacks know without asking each other. */
export interface CopyTarget {
  readonly region: string;
  readonly bucket: string;
  readonly keyAliasArn: string;
  readonly account: string;
}

export const backupRole = "backups";

/** Where the stack of another region keeps its backups. */
export function copyTarget(identity: CloudIdentity, stack: string, region: string, account: string): CopyTarget {
  const there = { installation: identity.installation, stack };
  const keyAliasArn = `arn:aws:kms:${region}:${account}:${keyAlias(there, backupRole)}`;
  return { region, account, keyAliasArn, bucket: `arn:aws:s3:::${cloudName(there, backupRole)}` };
}

/** What S3 may do to copy from a bucket to the other region: only to a bucket of this account. Source: S3 user guide. */
export function copyStatements(source: string, sourceRegion: string, keyArn: string, target: CopyTarget): Statement[] {
  const { region, bucket, account, keyAliasArn } = target;
  const alias = keyAliasArn.slice(keyAliasArn.indexOf("alias/"));
  const toObjects = ["s3:ReplicateObject", "s3:ReplicateTags"];
  return [
    allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], source),
    allow(["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"], `${source}/*`),
    // Without these two a locked object is not copied.
    allow(["s3:GetObjectRetention", "s3:GetObjectLegalHold"], `${source}/*`),
    { ...allow(toObjects, `${bucket}/*`), Condition: { StringEquals: { "aws:ResourceAccount": account } } },
    { ...allow(["kms:Decrypt"], keyArn), Condition: { StringLike: { "kms:ViaService": `s3.${sourceRegion}.amazonaws.com` } } },
    {
      ...allow(["kms:Encrypt", "kms:GenerateDataKey"], `arn:aws:kms:${region}:${account}:key/*`),
      Condition: {
        StringLike: { "kms:ViaService": `s3.${region}.amazonaws.com` },
        "ForAnyValue:StringEquals": { "kms:ResourceAliases": alias },
      },
    },
  ];
}

function allow(Action: readonly string[], Resource: string): Statement {
  return { Effect: "Allow", Action, Resource };
}
