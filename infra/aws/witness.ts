import { BucketObjectv2 } from "@pulumi/aws/s3/bucketObjectv2.js";
import type { Bucket } from "@pulumi/aws/s3/bucket.js";
import * as pulumi from "@pulumi/pulumi";
import type { CloudIdentity } from "../core/naming.ts";
import { ClosedBucket } from "./closed-bucket.ts";
import type { WitnessPlan } from "./global-plan.ts";
import type { Statement } from "./policy.ts";
import { awsTags } from "./tags.ts";

export interface WitnessArgs {
  readonly identity: CloudIdentity;
  readonly plan: WitnessPlan;
}

/** Where the epoch is, for those who raise it and those who ask. */
export interface WitnessPlace {
  readonly region: string;
  readonly bucket: pulumi.Output<string>;
  readonly key: string;
}

const key = "epoch.json";

/**
 * The vote that neither region can lose with itself: an object in a third region that says who writes, in which epoch. It is
 * written by compare-and-set only (`If-Match`), never by Pulumi after its beginning.
 */
export class Witness extends pulumi.ComponentResource implements WitnessPlace {
  readonly region: string;
  readonly bucket: pulumi.Output<string>;
  readonly key = key;

  constructor(name: string, args: WitnessArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:Witness", name, {}, opts);
    const { identity, plan } = args;
    const first = (bucket: Bucket, versioning: pulumi.Resource): pulumi.Resource[] => [
      new BucketObjectv2(
        `${name}-epoch`,
        {
          bucket: bucket.bucket,
          key,
          content: firstEpoch(plan.writer),
          contentType: "application/json",
          tags: awsTags(identity, "epoch"),
        },
        // A failover writes it; tags of an object may not be changed by a release either, for that would be a write.
        { parent: this, protect: true, ignoreChanges: ["content", "tags"], dependsOn: [versioning] },
      ),
    ];
    const closed = { identity, role: "witness", name: plan.bucket, statements: onlyIfMatch, policyAfter: first };
    this.region = plan.region;
    this.bucket = new ClosedBucket(`${name}-bucket`, closed, { parent: this }).bucket.bucket;
    this.registerOutputs({ region: this.region, bucket: this.bucket, key });
  }
}

/** The epoch before the first failover. */
export function firstEpoch(writer: string): string {
  return JSON.stringify({ epoch: 1, writer });
}

/** Refuses to write the epoch without saying which one is replaced. Source: S3 user guide, enforce conditional writes. */
export function onlyIfMatch(bucketArn: string): Statement[] {
  return [
    {
      Sid: "CompareAndSet",
      Effect: "Deny",
      Principal: "*",
      Action: "s3:PutObject",
      Resource: `${bucketArn}/${key}`,
      Condition: { Null: { "s3:if-match": "true" }, Bool: { "s3:ObjectCreationOperation": "true" } },
    },
  ];
}
