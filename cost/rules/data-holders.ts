import { inputAt } from "../plan/values.ts";

/** Types that hold what nobody can make again, and what that is; such a resource has to be protected. */
export const stateful: Readonly<Record<string, string>> = {
  "aws:dynamodb/table:Table": "table",
  "aws:ebs/volume:Volume": "disk",
  "aws:ecr/repository:Repository": "images",
  "aws:kms/key:Key": "key, and with it all that it encrypts",
  "aws:rds/cluster:Cluster": "database",
  "aws:rds/instance:Instance": "database",
  "aws:route53/zone:Zone": "records of the zone",
  "aws:s3/bucket:Bucket": "bucket",
  "docker:index/volume:Volume": "volume",
  "hcloud:index/storageBox:StorageBox": "storage box",
  "hcloud:index/volume:Volume": "disk",
  "hcloud:index/zone:Zone": "records of the zone",
};

/** What else is lost with a resource that need not be protected everywhere. */
const beside: Readonly<Record<string, string>> = {
  "aws:cloudwatch/logGroup:LogGroup": "logs",
  "aws:ec2/instance:Instance": "root disk",
  "aws:efs/fileSystem:FileSystem": "file system",
  "aws:s3/bucketV2:BucketV2": "bucket",
  "hcloud:index/server:Server": "root disk",
  "hcloud:index/snapshot:Snapshot": "snapshot",
  "kubernetes:core/v1:PersistentVolumeClaim": "volume",
};

/** Volumes that the next deployment fills again: no data of anybody. */
const madeAgain = /-(leaving|files|certs|model)(-[a-z0-9]+)*$/;

/** True for a Docker volume that holds no data of anybody. */
export function isMadeAgain(type: string, name: string): boolean {
  return type === "docker:index/volume:Volume" && madeAgain.test(name);
}

/** What is lost when such a resource is deleted; null for nothing. */
export function dataOf(type: string, name: string): string | null {
  return isMadeAgain(type, name) ? null : (stateful[type] ?? beside[type] ?? null);
}

/** Changes in place that delete data: the input, and the value that does it. */
export const losesInPlace: Readonly<Record<string, { readonly path: string; readonly what: string; readonly by: unknown }>> = {
  "hcloud:index/server:Server": { path: "backups", what: "backups of the server", by: false },
};

/** True where the vendor itself refuses to delete: its own protection, or a bucket that is not empty. */
export function vendorRefuses(type: string, inputs: Readonly<Record<string, unknown>>): boolean {
  const isOn = (path: string): boolean => {
    const found = inputAt(inputs, path);
    return found.kind === "known" && found.value === true;
  };
  if (type.startsWith("aws:s3/bucket")) return inputAt(inputs, "forceDestroy").kind !== "unknown" && !isOn("forceDestroy");
  return isOn("deleteProtection") || isOn("deletionProtection") || isOn("deletionProtectionEnabled");
}
