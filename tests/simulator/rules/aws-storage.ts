import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { WireMap } from "../../../toolchain/providers/values.ts";
import { kmsAlias, kmsKey } from "./aws-identity.ts";
import { account, arn, arnOf, json, nameOf, ourTags, ownRegion, ownTags, policy, tagsChange } from "./aws-values.ts";
import type { TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const bucketType = "aws:s3/bucket:Bucket";
const repository = "aws:ecr/repository:Repository";
const bucket = nameOf(bucketType);
const enabled = rule.oneOf("Enabled", "Disabled");
const days = rule.wholeNumber(1, 36_500);
const anObject = { rule: "an object", ok: () => true };
const tagged = { ...ownRegion, ...ownTags };
const byBucket = { unique: [["bucket"]], id: (_number: number, inputs: WireMap) => String(inputs["bucket"]) };

/** Days that CloudWatch can keep logs. Source: CloudWatch Logs API, PutRetentionPolicy. */
const retentions = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

function replicationProblems(inputs: WireMap): CheckFailure[] {
  const rules = inputs["rules"] as WireMap[];
  return rules.flatMap(({ filter, deleteMarkerReplication }, index) =>
    filter !== undefined && deleteMarkerReplication === undefined
      ? [{ property: `rules[${index}].deleteMarkerReplication`, reason: "is needed beside a filter" }]
      : [],
  );
}

/** Buckets, images and logs. Source: S3, ECR and CloudWatch guides and the provider's schema. */
export const awsStorageTypes: Readonly<Record<string, TypeRules>> = {
  [bucketType]: {
    inputs: {
      bucket: rule.matching(/^(?!xn--|sthree-|\d+\.\d+)[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/, "a bucket name of 3 to 63 characters"),
      objectLockEnabled: rule.anything,
      forceDestroy: rule.oneOf(false),
      tags: ourTags,
    },
    required: ["bucket", "tags"],
    unique: [["bucket"]],
    id: (_number, inputs) => String(inputs["bucket"]),
    changing: tagsChange,
    outputs: {
      ...tagged,
      arn: ({ id }) => `arn:aws:s3:::${id}`,
      accelerationStatus: () => "",
      acl: () => "",
      bucketDomainName: ({ id }) => `${id}.s3.amazonaws.com`,
      bucketRegion: ({ settings }) => settings["region"] ?? null,
      bucketRegionalDomainName: ({ id, settings }) => `${id}.s3.${String(settings["region"])}.amazonaws.com`,
      hostedZoneId: () => "Z21DNDUVLTQW6Q",
      policy: () => "",
      requestPayer: () => "BucketOwner",
      websiteDomain: () => "",
      websiteEndpoint: () => "",
    },
    deletableInUse: true, // the other region's copies name it and are not asked
  },
  "aws:s3/bucketVersioning:BucketVersioning": {
    ...byBucket,
    inputs: { bucket, "versioningConfiguration.status": rule.oneOf("Enabled") },
    outputs: { ...ownRegion },
  },
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": {
    ...byBucket,
    inputs: {
      bucket,
      blockPublicAcls: rule.oneOf(true),
      blockPublicPolicy: rule.oneOf(true),
      ignorePublicAcls: rule.oneOf(true),
      restrictPublicBuckets: rule.oneOf(true),
    },
    required: ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"],
    outputs: { ...ownRegion },
  },
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": {
    ...byBucket,
    inputs: {
      bucket,
      "rules[].applyServerSideEncryptionByDefault.sseAlgorithm": rule.oneOf("AES256", "aws:kms"),
      "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId": arnOf(kmsKey),
      "rules[].bucketKeyEnabled": rule.anything,
    },
    outputs: { ...ownRegion },
  },
  "aws:s3/bucketPolicy:BucketPolicy": { ...byBucket, inputs: { bucket, policy }, outputs: { ...ownRegion } },
  "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": {
    ...byBucket,
    inputs: {
      bucket,
      "rule.defaultRetention.mode": rule.oneOf("GOVERNANCE", "COMPLIANCE"),
      "rule.defaultRetention.days": days,
    },
    outputs: { ...ownRegion },
  },
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": {
    ...byBucket,
    inputs: {
      bucket,
      "rules[].id": rule.matching(/^.{1,255}$/, "at most 255 characters"),
      "rules[].status": enabled,
      "rules[].filter": anObject,
      "rules[].expiration.days": days,
      "rules[].noncurrentVersionExpiration.noncurrentDays": days,
      "rules[].abortIncompleteMultipartUpload.daysAfterInitiation": days,
    },
    outputs: { ...ownRegion, transitionDefaultMinimumObjectSize: () => "all_storage_classes_128K" },
  },
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig": {
    ...byBucket,
    inputs: {
      bucket,
      role: arnOf("aws:iam/role:Role"),
      "rules[].id": rule.matching(/^.{1,255}$/, "at most 255 characters"),
      "rules[].status": enabled,
      "rules[].priority": rule.wholeNumber(0, 2_147_483_647),
      "rules[].filter": anObject,
      "rules[].deleteMarkerReplication.status": enabled,
      "rules[].sourceSelectionCriteria.sseKmsEncryptedObjects.status": enabled,
      "rules[].destination.bucket": rule.idOf(bucketType, /^arn:aws:s3:::[a-z0-9-]+$/),
      "rules[].destination.encryptionConfiguration.replicaKmsKeyId": arnOf(kmsAlias),
      "rules[].destination.replicationTime.status": enabled,
      "rules[].destination.replicationTime.time.minutes": rule.oneOf(15),
      "rules[].destination.metrics.status": enabled,
      "rules[].destination.metrics.eventThreshold.minutes": rule.oneOf(15),
    },
    problems: replicationProblems,
    outputs: { ...ownRegion },
  },
  "aws:s3/bucketObjectv2:BucketObjectv2": {
    inputs: {
      bucket,
      key: rule.matching(/^[\w.!*'()/-]{1,1024}$/, "a key"),
      content: rule.anything,
      contentType: rule.matching(/^[\w.+-]+\/[\w.+-]+$/, "a media type"),
      tags: ourTags,
    },
    required: ["key", "content"],
    unique: [["bucket", "key"]],
    id: (_number, inputs) => `${String(inputs["bucket"])}/${String(inputs["key"])}`,
    changing: tagsChange,
    outputs: {
      ...tagged,
      arn: ({ id }) => `arn:aws:s3:::${id}`,
      acl: () => "",
      bucketKeyEnabled: () => false,
      checksumCrc32: () => "",
      checksumCrc32c: () => "",
      checksumCrc64nvme: () => "",
      checksumSha1: () => "",
      checksumSha256: () => "",
      etag: () => "00000000000000000000000000000000",
      kmsKeyId: () => "",
      serverSideEncryption: () => "AES256",
      storageClass: () => "STANDARD",
      versionId: () => "simulated-version",
    },
  },
  [repository]: {
    inputs: {
      name: rule.matching(/^([a-z0-9]+([._-]+[a-z0-9]+)*\/)*[a-z0-9]+([._-]+[a-z0-9]+)*$/, "a repository name"),
      imageTagMutability: rule.oneOf("IMMUTABLE"),
      "imageScanningConfiguration.scanOnPush": rule.anything,
      "encryptionConfigurations[].encryptionType": rule.oneOf("KMS", "AES256"),
      "encryptionConfigurations[].kmsKey": arnOf(kmsKey),
      tags: ourTags,
    },
    required: ["name", "imageTagMutability", "tags"],
    unique: [["name"]],
    id: (_number, inputs) => String(inputs["name"]),
    changing: tagsChange,
    outputs: {
      ...arn("ecr", ({ id }) => `repository/${id}`),
      ...tagged,
      registryId: () => account,
      repositoryUrl: ({ id, settings }) => `${account}.dkr.ecr.${String(settings["region"])}.amazonaws.com/${id}`,
    },
  },
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": {
    inputs: { repository: nameOf(repository), policy: json },
    unique: [["repository"]],
    id: (_number, inputs) => String(inputs["repository"]),
    outputs: { ...ownRegion, registryId: () => account },
  },
  "aws:cloudwatch/logGroup:LogGroup": {
    inputs: {
      name: rule.matching(/^[\w./#-]{1,512}$/, "a name of at most 512 characters"),
      retentionInDays: rule.oneOf(...retentions),
      kmsKeyId: arnOf(kmsKey),
      tags: ourTags,
    },
    required: ["name", "retentionInDays", "tags"],
    unique: [["name"]],
    id: (_number, inputs) => String(inputs["name"]),
    changing: tagsChange,
    outputs: {
      ...arn("logs", ({ id }) => `log-group:${id}`),
      ...tagged,
      deletionProtectionEnabled: () => false,
      logGroupClass: () => "STANDARD",
    },
  },
};
