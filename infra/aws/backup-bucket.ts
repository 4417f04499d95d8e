import type { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketLifecycleConfiguration } from "@pulumi/aws/s3/bucketLifecycleConfiguration.js";
import { BucketObjectLockConfiguration } from "@pulumi/aws/s3/bucketObjectLockConfiguration.js";
import { BucketReplicationConfig } from "@pulumi/aws/s3/bucketReplicationConfig.js";
import * as pulumi from "@pulumi/pulumi";
import type { AwsRegion } from "../core/aws-regions.ts";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { backupRole, copyStatements, type BackupPlan, type CopyTarget } from "./backup-plan.ts";
import { ClosedBucket } from "./closed-bucket.ts";
import { policyText, trustText } from "./policy.ts";
import { ServiceRole } from "./role.ts";

export interface BackupBucketArgs {
  readonly identity: CloudIdentity;
  readonly region: AwsRegion;
  readonly plan: BackupPlan;
  readonly keyArn: pulumi.Input<string>;
}

/** Where the region's backups are: locked against deletion for as long as they are kept, and copied to the other region. */
export class BackupBucket extends pulumi.ComponentResource {
  readonly bucketName: pulumi.Output<string>;

  constructor(name: string, args: BackupBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:BackupBucket", name, {}, opts);
    const { identity, region, plan, keyArn } = args;
    const own = { parent: this };
    const closed = { identity, role: backupRole, name: cloudName(identity, backupRole), objectLock: true, keyArn };
    const { bucket, versioning } = new ClosedBucket(`${name}-bucket`, closed, own);
    const after = { ...own, dependsOn: [versioning] };
    const rule = { defaultRetention: { mode: plan.lockMode, days: plan.days } };
    new BucketObjectLockConfiguration(`${name}-lock`, { bucket: bucket.bucket, rule }, after);
    const rules = [{ id: "old-backups", status: "Enabled", filter: {}, ...expiry(plan.days) }];
    new BucketLifecycleConfiguration(`${name}-lifecycle`, { bucket: bucket.bucket, rules }, after);
    if (plan.copyTo) this.#copy(name, args, bucket, plan.copyTo, versioning);
    this.bucketName = bucket.bucket;
    this.registerOutputs({ bucketName: this.bucketName, region });
  }

  #copy(name: string, args: BackupBucketArgs, bucket: Bucket, target: CopyTarget, versioning: pulumi.Resource): void {
    const { identity, region, keyArn } = args;
    const policy = pulumi
      .all([bucket.arn, keyArn])
      .apply(([source, key]) => policyText(copyStatements(source, region, key, target)));
    const roleArgs = { identity, role: "backup-copy", trust: trustText("s3.amazonaws.com"), policy };
    const role = new ServiceRole(`${name}-copy-role`, roleArgs, { parent: this });
    const rule = {
      id: "other-region",
      status: "Enabled",
      priority: 1,
      filter: {},
      deleteMarkerReplication: { status: "Disabled" },
      sourceSelectionCriteria: { sseKmsEncryptedObjects: { status: "Enabled" } },
      destination: {
        bucket: target.bucket,
        encryptionConfiguration: { replicaKmsKeyId: target.keyAliasArn },
        // A promise of 15 minutes, and the figures that show whether it is kept.
        replicationTime: { status: "Enabled", time: { minutes: 15 } },
        metrics: { status: "Enabled", eventThreshold: { minutes: 15 } },
      },
    };
    const copy = { bucket: bucket.bucket, role: role.arn, rules: [rule] };
    new BucketReplicationConfig(`${name}-copy`, copy, { parent: this, dependsOn: [versioning, role] });
  }
}

/** What is older than the lock goes; the lock itself keeps a version that was hidden before its time. */
function expiry(days: number) {
  return {
    expiration: { days },
    noncurrentVersionExpiration: { noncurrentDays: 1 },
    abortIncompleteMultipartUpload: { daysAfterInitiation: 7 },
  };
}
