import { inputAt, listAt } from "../plan/values.ts";
import { awsBill, hours, one } from "./aws.ts";
import type { Bill, Estimate } from "./bill.ts";
import { isMissing, lengthAt, numberAt, switchAt, textAt, times, type Subject } from "./subject.ts";

export function natGateway(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const mode = textAt(subject, "availabilityMode", "zonal");
  if (isMissing(mode)) bill.because(mode.reason);
  else if (mode !== "zonal") bill.because("a regional NAT gateway is billed by the zones it grows into");
  else bill.fixed("AmazonEC2 NAT gateway", hours);
  return bill.usage("AmazonEC2 NAT gateway data processed", "data-gb", subject.usage("data-gb")).estimate();
}

/** In use or idle, the price is the same. */
export function eip(subject: Subject): Estimate {
  return awsBill(subject).fixed("AmazonVPC public IPv4 address, in use", hours).estimate();
}

const balancers = {
  application: ["AWSELB Application Load Balancer", "AWSELB ALB capacity unit (LCU)"],
  network: ["AWSELB Network Load Balancer", "AWSELB NLB capacity unit (NLCU)"],
} as const;

/** The balancer by the hour, its capacity units by use, and one public address per zone when it faces the internet. */
export function loadBalancer(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const type = textAt(subject, "loadBalancerType", "application");
  if (isMissing(type)) return bill.because(type.reason).estimate();
  if (type !== "application" && type !== "network")
    return bill.because(`load balancer type ${type} has no price here`).estimate();
  const [hour, unit] = balancers[type];
  bill.fixed(hour, hours);
  addAddresses(bill, subject);
  const units = subject.usage("capacity-units");
  return bill.usage(unit, "capacity-units", units === null ? null : units.times(hours)).estimate();
}

function addAddresses(bill: Bill, subject: Subject): void {
  const internal = switchAt(subject, "internal", false);
  if (isMissing(internal)) bill.because(internal.reason);
  if (internal !== false) return;
  const mappings = listAt(subject.inputs, "subnetMappings");
  const subnets = lengthAt(subject, "subnets");
  if (mappings === null) bill.because("subnetMappings is known only after the deployment");
  // An address that is given is a resource of its own.
  const own = (mappings ?? []).filter(
    (map) => map.kind === "known" && inputAt(map.value, "allocationId").kind === "absent",
  ).length;
  const count = own > 0 ? times(one, numberAt({ inputs: { own } }, "own")) : subnets;
  if (isMissing(count) || count.gt(0)) bill.fixed("AmazonVPC public IPv4 address, in use", times(count, hours));
}

/** A gateway endpoint is free; any other is billed per zone. */
export function vpcEndpoint(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const type = textAt(subject, "vpcEndpointType", "Gateway");
  if (isMissing(type)) return bill.because(type.reason).estimate();
  if (type === "Gateway") return bill.fixed("AmazonVPC gateway endpoint (S3, DynamoDB)", hours).estimate();
  if (type !== "Interface") return bill.because(`endpoint type ${type} has no price here`).estimate();
  bill.fixed("AmazonVPC interface endpoint, per AZ", times(lengthAt(subject, "subnetIds"), hours));
  return bill
    .tiers("data-gb", subject.usage("data-gb"), [
      ["AmazonVPC interface endpoint data, first 1 PB", 1_048_576],
      ["AmazonVPC interface endpoint data, next 4 PB", 4 * 1_048_576],
      ["AmazonVPC interface endpoint data, over 5 PB", null],
    ])
    .estimate();
}

const out = (tier: string): string => `AWSDataTransfer internet out, ${tier} (after 100 GB/month free over all regions)`;

/** Free by itself; what leaves it is billed by the gigabyte. The free 100 GB of an account are not taken off. */
export function vpc(subject: Subject): Estimate {
  return awsBill(subject)
    .tiers("internet-out-gb", subject.usage("internet-out-gb"), [
      [out("first 10 TB"), 10_240],
      [out("next 40 TB"), 40_960],
      [out("next 100 TB"), 102_400],
      [out("over 150 TB"), null],
    ])
    .usage("AWSDataTransfer to another region", "other-region-gb", subject.usage("other-region-gb"))
    .usage("AWSDataTransfer between availability zones, each direction", "cross-zone-gb", subject.usage("cross-zone-gb"))
    .estimate();
}

const queryTiers = (kind: string): readonly (readonly [string, number | null])[] => [
  [`AmazonRoute53 ${kind} queries, first 1B`, 1_000],
  [`AmazonRoute53 ${kind} queries, over 1B`, null],
];

/** Queries are counted by the zone, in millions; those for aliases of AWS are free. */
export function zone(subject: Subject): Estimate {
  const bill = awsBill(subject, "global").fixed("AmazonRoute53 hosted zone, first 25", one);
  for (const kind of ["standard", "latency", "geo"]) {
    const key = `${kind}-queries-million`;
    bill.tiers(key, subject.usage(key), queryTiers(kind));
  }
  return bill.estimate();
}

/** A plan does not say whether the endpoint is at AWS, so that it is taken as one elsewhere, which is dearer. */
export function healthCheck(subject: Subject): Estimate {
  const bill = awsBill(subject, "global");
  const type = textAt(subject, "type");
  const interval = numberAt(subject, "requestInterval", 30);
  const latency = switchAt(subject, "measureLatency", false);
  for (const each of [type, interval, latency]) if (isMissing(each)) bill.because(each.reason);
  if (isMissing(type) || isMissing(interval) || isMissing(latency)) return bill.estimate();
  if (!/^(HTTP|TCP)/.test(type)) return bill.because(`health checks of type ${type} have no price here`).estimate();
  bill.fixed("AmazonRoute53 health check, other endpoint", one, "health check, endpoint taken as outside AWS");
  const options = [type.startsWith("HTTPS"), type.endsWith("_STR_MATCH"), interval.lt(30), latency].filter(Boolean).length;
  if (options > 0)
    bill.fixed("AmazonRoute53 health check option, other endpoint, each", numberAt({ inputs: { options } }, "options"));
  return bill.estimate();
}
