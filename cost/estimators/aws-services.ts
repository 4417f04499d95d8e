import { awsBill, one } from "./aws.ts";
import type { Estimate } from "./bill.ts";
import { isMissing, lengthAt, numberAt, textAt, type Subject } from "./subject.ts";

/** Billed by use alone: [item of the price list, name of the figure in the usage file]. */
const byUse = {
  "aws:ecr/repository:Repository": [["AmazonECR private storage", "storage-gb"]],
  "aws:cloudwatch/logGroup:LogGroup": [
    ["AmazonCloudWatch Logs ingestion, Standard class", "ingested-gb"],
    ["AmazonCloudWatch Logs storage", "stored-gb"],
    ["AmazonCloudWatch Logs Insights data scanned", "scanned-gb"],
  ],
  "aws:sns/topic:Topic": [["AmazonSNS API requests after 1M free", "requests-million"]],
} as const;

/** A service that costs nothing until it is used. */
export function usageOnly(subject: Subject): Estimate {
  const bill = awsBill(subject);
  for (const [item, key] of byUse[subject.type as keyof typeof byUse]) bill.usage(item, key, subject.usage(key));
  return bill.estimate();
}

/** Types of `usageOnly`. */
export const usageOnlyTypes = Object.keys(byUse);

export function bucket(subject: Subject): Estimate {
  return awsBill(subject)
    .tiers("storage-gb", subject.usage("storage-gb"), [
      ["AmazonS3 Standard storage, first 50 TB", 51_200],
      ["AmazonS3 Standard storage, next 450 TB", 460_800],
      ["AmazonS3 Standard storage, over 500 TB", null],
    ])
    .usage("AmazonS3 PUT, COPY, POST, LIST", "put-thousand", subject.usage("put-thousand"))
    .usage("AmazonS3 GET and other requests", "get-thousand", subject.usage("get-thousand"))
    .estimate();
}

/** A key and each of its replicas. */
export function key(subject: Subject): Estimate {
  return awsBill(subject)
    .fixed("AWSKMS customer managed key", one)
    .usage("AWSKMS requests, symmetric and RSA 2048", "requests-10-thousand", subject.usage("requests-10-thousand"))
    .estimate();
}

/** A replica in another region costs that region's price. */
export function secret(subject: Subject): Estimate {
  const bill = awsBill(subject).fixed("AWSSecretsManager secret", one);
  const replicas = lengthAt(subject, "replicas");
  if (isMissing(replicas) || replicas.gt(0)) bill.because("replicas of a secret are not priced yet");
  return bill.usage("AWSSecretsManager API calls", "calls-10-thousand", subject.usage("calls-10-thousand")).estimate();
}

/** Periods under a minute are high resolution, which has another price. */
export function alarm(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const period = numberAt(subject, "period", 60);
  if (isMissing(period)) return bill.because(period.reason).estimate();
  if (period.lt(60)) return bill.because("high-resolution alarms have no price here").estimate();
  return bill.fixed("AmazonCloudWatch alarm, standard resolution", one).estimate();
}

/** On demand it is billed by use; provisioned capacity was not read. */
export function table(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const mode = textAt(subject, "billingMode", "PROVISIONED");
  if (isMissing(mode)) return bill.because(mode.reason).estimate();
  if (mode !== "PAY_PER_REQUEST") return bill.because("provisioned capacity has no price here").estimate();
  return bill
    .usage("AmazonDynamoDB on-demand write request units", "writes-million", subject.usage("writes-million"))
    .usage("AmazonDynamoDB on-demand read request units", "reads-million", subject.usage("reads-million"))
    .usage("AmazonDynamoDB table storage after 25 GB free", "storage-gb", subject.usage("storage-gb"))
    .estimate();
}
