import { amount, exact, type Amount } from "../../money.ts";
import type { Reading } from "../refresh.ts";
import { badAnswer } from "./bad-answer.ts";

/** A row of a price list file in CSV: its sixth line names the columns. Source: AWS Billing guide, reading price list files. */
export type PriceListRow = Readonly<Record<string, string | undefined>>;

/** One file of the price list: a service in a region, or a service that has no regions. */
export interface PriceListFile {
  readonly offer: string;
  /** "global" for a service without regions. */
  readonly region: string;
  /** Path below the host of the price list. */
  readonly path: string;
}

interface Wanted {
  readonly offer: string;
  /** Usage type without the region in front of it. */
  readonly usage: string;
  /** Item of our table. */
  readonly item: string;
  /** Unit of our table. */
  readonly unit: string;
  /** Units of the list, and how many of them ours holds. */
  readonly per: Readonly<Record<string, number | string>>;
  /** @default any */
  readonly operation?: string;
  /** First unit of the tier. @default 0 */
  readonly from?: string;
}

const hourly = { unit: "hour", per: { Hrs: 1, hours: 1, Hours: 1 } };
const perGb = { unit: "GB", per: { GB: 1, Gigabytes: 1 } };
const stored = { unit: "GB-month", per: { "GB-Mo": 1, "GB-month": 1 } };
const ec2 = "AmazonEC2";
const disks = { gp2: "gp2", gp3: "gp3", io1: "piops", st1: "st1", sc1: "sc1" };

/** What is read of the list. A row of our table that is not here stays as it is: `prices check` counts those. */
const wanted: readonly Wanted[] = [
  ...Object.entries(disks).map(([name, usage]) => ({
    ...{ offer: ec2, usage: `EBS:VolumeUsage.${usage}`, item: `AmazonEC2 EBS ${name} storage`, ...stored },
  })),
  {
    offer: ec2,
    usage: "EBS:VolumeP-IOPS.gp3",
    item: "AmazonEC2 EBS gp3 IOPS over 3000",
    unit: "IOPS-month",
    per: { "IOPS-Mo": 1 },
  },
  {
    ...{ offer: ec2, usage: "EBS:VolumeP-Throughput.gp3", item: "AmazonEC2 EBS gp3 throughput over 125 MiB/s" },
    ...{ unit: "MiBps-month", per: { "MiBps-Mo": 1, "GiBps-mo": "0.0009765625" } },
  },
  { offer: ec2, usage: "EBS:SnapshotUsage", item: "AmazonEC2 EBS snapshot, standard tier", ...stored },
  { offer: ec2, usage: "NatGateway-Hours", operation: "NatGateway", item: "AmazonEC2 NAT gateway", ...hourly },
  { offer: ec2, usage: "NatGateway-Bytes", operation: "NatGateway", item: "AmazonEC2 NAT gateway data processed", ...perGb },
  { offer: "AmazonVPC", usage: "PublicIPv4:InUseAddress", item: "AmazonVPC public IPv4 address, in use", ...hourly },
  { offer: "AmazonVPC", usage: "PublicIPv4:IdleAddress", item: "AmazonVPC public IPv4 address, idle", ...hourly },
  {
    offer: "AmazonVPC",
    usage: "VpcEndpoint-Hours",
    operation: "VpcEndpoint",
    item: "AmazonVPC interface endpoint, per AZ",
    ...hourly,
  },
  {
    ...{ offer: "AmazonVPC", usage: "VpcEndpoint-Bytes", operation: "VpcEndpoint" },
    ...{ item: "AmazonVPC interface endpoint data, first 1 PB", ...perGb },
  },
  { offer: "AmazonEKS", usage: "AmazonEKS-Hours:perCluster", item: "AmazonEKS cluster, standard support", ...hourly },
  ...(["Application", "Network"] as const).map((kind) => ({
    ...{ offer: "AWSELB", usage: "LoadBalancerUsage", operation: `LoadBalancing:${kind}` },
    ...{ item: `AWSELB ${kind} Load Balancer`, ...hourly },
  })),
  {
    ...{ offer: "AWSELB", usage: "LCUUsage", operation: "LoadBalancing:Application", item: "AWSELB ALB capacity unit (LCU)" },
    ...{ unit: "LCU-hour", per: { "LCU-Hrs": 1 } },
  },
  {
    ...{ offer: "AWSELB", usage: "LCUUsage", operation: "LoadBalancing:Network", item: "AWSELB NLB capacity unit (NLCU)" },
    ...{ unit: "NLCU-hour", per: { "LCU-Hrs": 1 } },
  },
  { offer: "AmazonS3", usage: "TimedStorage-ByteHrs", item: "AmazonS3 Standard storage, first 50 TB", ...stored },
  {
    ...{ offer: "AmazonS3", usage: "Requests-Tier1", item: "AmazonS3 PUT, COPY, POST, LIST" },
    ...{ unit: "1000 requests", per: { Requests: 1000 } },
  },
  {
    ...{ offer: "AmazonS3", usage: "Requests-Tier2", item: "AmazonS3 GET and other requests" },
    ...{ unit: "1000 requests", per: { Requests: 1000 } },
  },
  { offer: "awskms", usage: "KMS-Keys", item: "AWSKMS customer managed key", unit: "month", per: { Keys: 1, months: 1 } },
  {
    ...{ offer: "AmazonCloudWatch", usage: "DataProcessing-Bytes" },
    ...{ item: "AmazonCloudWatch Logs ingestion, Standard class", ...perGb },
  },
  { offer: "AmazonECR", usage: "TimedStorage-ByteHrs", item: "AmazonECR private storage", ...stored },
  {
    ...{ offer: "AmazonRoute53", usage: "HostedZone", item: "AmazonRoute53 hosted zone, first 25" },
    ...{ unit: "zone-month", per: { HostedZone: 1, "HostedZone-Mo": 1 } },
  },
];

/** Regions that are read: both defaults, that of the witness, and the one of the vendor's examples; with what stands before a usage type. */
const regions: Readonly<Record<string, readonly string[]>> = {
  "eu-central-1": ["EUC1-", "eu-central-1-"],
  "eu-west-1": ["EU-", "EUW1-", "eu-west-1-"],
  "eu-north-1": ["EUN1-", "eu-north-1-"],
  "us-east-1": ["", "USE1-", "us-east-1-"],
};
const withoutRegions: ReadonlySet<string> = new Set(["AmazonRoute53"]);

/** Every file that is read: tens of megabytes, those of machines some hundred each. */
export const priceListFiles: readonly PriceListFile[] = [...new Set(wanted.map(({ offer }) => offer))].flatMap((offer) => {
  const current = `offers/v1.0/aws/${offer}/current`;
  if (withoutRegions.has(offer)) return [{ offer, region: "global", path: `${current}/index.csv` }];
  return Object.keys(regions).map((region) => ({ offer, region, path: `${current}/${region}/index.csv` }));
});

/**
 * Today's prices in one file, one item at most once: where two rows give an item different prices, neither is taken. Machines are
 * read for the items in `known`: the list has a thousand others. Throws PriceAnswerError for rows of another list.
 */
export async function awsReadings(
  { offer, region }: PriceListFile,
  rows: AsyncIterable<PriceListRow>,
  known: ReadonlySet<string>,
  today: string,
): Promise<readonly Reading[]> {
  const found = new Map<string, { unit: string; prices: Set<string> }>();
  let seen = 0;
  for await (const row of rows) {
    seen += 1;
    const { item, unit, price } = priceOf(row, offer, region, known) ?? { price: null };
    if (price === null) continue;
    const entry = found.get(item) ?? { unit, prices: new Set<string>() };
    found.set(item, { ...entry, prices: entry.prices.add(exact(price)) });
  }
  if (seen === 0) throw badAnswer("AWS", `a price list of ${offer} in ${region} without a row`);
  const source = `AWS price list, read ${today}`;
  return [...found].flatMap(([item, { unit, prices }]): Reading[] => {
    const [price, another] = prices;
    return price === undefined || another !== undefined ? [] : [{ item, region, unit, price, source }];
  });
}

function priceOf(
  row: PriceListRow,
  offer: string,
  region: string,
  known: ReadonlySet<string>,
): { item: string; unit: string; price: Amount } | null {
  if (row["TermType"] === undefined || row["PricePerUnit"] === undefined || row["usageType"] === undefined)
    throw badAnswer("AWS", `a price list of ${offer} in ${region} without its columns`);
  if (row["TermType"] !== "OnDemand" || row["Currency"] !== "USD") return null;
  const price = amount(row["PricePerUnit"]);
  const usage = withoutRegion(row["usageType"], region);
  if (price === null || price.lte(0) || usage === null) return null;
  const machine = machineOf(row, usage);
  if (machine !== null) return known.has(machine) && row["Unit"] === "Hrs" ? { item: machine, unit: "hour", price } : null;
  const match = wanted.find((each) => each.offer === offer && each.usage === usage && isMeant(each, row));
  const factor = match?.per[row["Unit"] ?? ""];
  return match === undefined || factor === undefined ? null : { item: match.item, unit: match.unit, price: price.times(factor) };
}

function isMeant({ operation, from = "0" }: Wanted, row: PriceListRow): boolean {
  return (operation === undefined || row["operation"] === operation) && (row["StartingRange"] || "0") === from;
}

/** The usage type as it is the same in all regions; null for what belongs to another one. */
function withoutRegion(usage: string, region: string): string | null {
  if (region === "global") return usage;
  const prefix = (regions[region] ?? []).filter((each) => usage.startsWith(each)).sort((a, b) => b.length - a.length)[0];
  return prefix === undefined ? null : usage.slice(prefix.length);
}

/** Item of a machine on demand with Linux, shared, with nothing installed, in use; null for any other offer. */
function machineOf(row: PriceListRow, usage: string): string | null {
  const [, type] = /^BoxUsage:(.+)$/.exec(usage) ?? [];
  const plain =
    row["Operating System"] === "Linux" &&
    row["Tenancy"] === "Shared" &&
    row["Pre Installed S/W"] === "NA" &&
    row["CapacityStatus"] === "Used";
  return type !== undefined && plain ? `AmazonEC2 ${type} Linux on-demand` : null;
}
