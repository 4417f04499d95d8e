import { amount, type Amount } from "../money.ts";
import { planned } from "../plan/values.ts";
import { tables } from "../prices/table.ts";
import { Bill } from "./bill.ts";
import type { Missing, Quantity, Subject } from "./subject.ts";

/** Hours of a month as AWS counts them. */
export const hours = amount(730) as Amount;
export const one = amount(1) as Amount;

/** Region of the resource itself, else that of its provider. */
export function regionOf({ inputs, provider }: Pick<Subject, "inputs" | "provider">): string | Missing {
  for (const value of [inputs["region"], provider["region"]]) {
    const found = planned(value);
    if (found.kind === "known") return String(found.value);
    if (found.kind !== "absent") return { reason: "region is known only after the deployment" };
  }
  return { reason: "neither it nor its provider names a region" };
}

export function awsBill(subject: Subject, region: string | Missing = regionOf(subject)): Bill {
  return new Bill(tables.aws, region, subject);
}

/** A disk by type: storage, and what a gp3 has beyond 3000 IOPS and 125 MiB/s. `count`: so many of the same. */
export function addDisk(bill: Bill, count: Amount, disk: Disk): void {
  const { type, size, iops, throughput } = disk;
  if (typeof type !== "string") {
    bill.because(type.reason);
    return;
  }
  const of = (quantity: Quantity): Quantity => ("reason" in quantity ? quantity : quantity.times(count));
  bill.fixed(`AmazonEC2 EBS ${type} storage`, of(size));
  if (type === "gp3") {
    addBeyond(bill, "AmazonEC2 EBS gp3 IOPS over 3000", iops, 3000, count);
    addBeyond(bill, "AmazonEC2 EBS gp3 throughput over 125 MiB/s", throughput, 125, count);
  }
  if (type === "io1") bill.fixed("AmazonEC2 EBS io1 IOPS", of(iops));
  if (type === "io2") addProvisioned(bill, of(iops));
}

export interface Disk {
  readonly type: string | Missing;
  /** GB. */
  readonly size: Quantity;
  readonly iops: Quantity;
  /** MiB/s. */
  readonly throughput: Quantity;
}

function addBeyond(bill: Bill, item: string, quantity: Quantity, included: number, count: Amount): void {
  if ("reason" in quantity) bill.because(quantity.reason);
  else if (quantity.gt(included)) bill.fixed(item, quantity.minus(included).times(count));
}

function addProvisioned(bill: Bill, iops: Quantity): void {
  if (!("reason" in iops) && iops.gt(32_000)) bill.because("EBS io2 IOPS over 32000: no price was read");
  else bill.fixed("AmazonEC2 EBS io2 IOPS, first 32000", iops);
}
