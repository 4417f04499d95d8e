import { Bucket } from "@pulumi/aws/s3/bucket.js";
import { BucketPolicy } from "@pulumi/aws/s3/bucketPolicy.js";
import { BucketPublicAccessBlock } from "@pulumi/aws/s3/bucketPublicAccessBlock.js";
import { BucketServerSideEncryptionConfiguration } from "@pulumi/aws/s3/bucketServerSideEncryptionConfiguration.js";
import { BucketVersioning } from "@pulumi/aws/s3/bucketVersioning.js";
import * as pulumi from "@pulumi/pulumi";
import type { CloudIdentity } from "../core/naming.ts";
import { policyText, tlsOnly, type Statement } from "./policy.ts";
import { awsTags } from "./tags.ts";

export interface ClosedBucketArgs {
  readonly identity: CloudIdentity;
  /** What it holds. */
  readonly role: string;
  /** Its name, one in the world. */
  readonly name: string;
  /** Whether its objects can be locked; decided once. @default false */
  readonly objectLock?: boolean;
  /** KMS key of its objects. @default S3's own */
  readonly keyArn?: pulumi.Input<string>;
  /** More of its policy, from its ARN. @default nothing */
  readonly statements?: (bucketArn: string) => readonly Statement[];
  /** What must be there before the policy: it may forbid how that is made. @default nothing */
  readonly policyAfter?: (bucket: Bucket, versioning: BucketVersioning) => readonly pulumi.Resource[];
}

/** A protected bucket that is never public, keeps every version, encrypts what it holds and refuses requests without TLS. */
export class ClosedBucket extends pulumi.ComponentResource {
  readonly bucket: Bucket;
  readonly versioning: BucketVersioning;

  constructor(name: string, args: ClosedBucketArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:ClosedBucket", name, {}, opts);
    const { identity, role, objectLock = false, keyArn, statements = () => [], policyAfter = () => [] } = args;
    const own = { parent: this };
    const made = { bucket: args.name, objectLockEnabled: objectLock, forceDestroy: false, tags: awsTags(identity, role) };
    this.bucket = new Bucket(`${name}-bucket`, made, { ...own, protect: true });
    const { bucket } = this.bucket;
    const versions = { bucket, versioningConfiguration: { status: "Enabled" } };
    this.versioning = new BucketVersioning(`${name}-versions`, versions, { ...own, protect: true });
    const closed = { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true };
    const block = new BucketPublicAccessBlock(`${name}-private`, { bucket, ...closed }, own);
    new BucketServerSideEncryptionConfiguration(`${name}-encryption`, { bucket, rules: [encryption(keyArn)] }, own);
    const policy = this.bucket.arn.apply((arn) => policyText([tlsOnly(arn), ...statements(arn)]));
    // S3 refuses two changes of a bucket at the same time.
    const before = [block, ...policyAfter(this.bucket, this.versioning)];
    new BucketPolicy(`${name}-policy`, { bucket, policy }, { ...own, dependsOn: before });
    this.registerOutputs({ bucket });
  }
}

function encryption(keyArn: pulumi.Input<string> | undefined) {
  if (keyArn === undefined) return { applyServerSideEncryptionByDefault: { sseAlgorithm: "AES256" } };
  return {
    applyServerSideEncryptionByDefault: { sseAlgorithm: "aws:kms", kmsMasterKeyId: keyArn },
    bucketKeyEnabled: true, // one call to KMS for many objects
  };
}
