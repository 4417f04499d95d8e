import { tables } from "../prices/table.ts";
import { Bill, type Estimate } from "./bill.ts";
import { atLeast, isMissing, numberAt, textAt, type Missing, type Subject } from "./subject.ts";
import { amount, type Amount } from "../money.ts";
import { inputAt } from "../plan/values.ts";

export const one = amount(1) as Amount;

/** Where Hetzner puts what names no place: one of its European locations, which cost the same. */
const itsChoice = "fsn1";

/** Location of a resource; a data centre is a location with a number. */
export function locationOf(subject: Subject): string | Missing {
  if (inputAt(subject.inputs, "location").kind !== "absent") return textAt(subject, "location");
  const center = textAt(subject, "datacenter", itsChoice);
  return isMissing(center) ? center : (center.split("-")[0] ?? center);
}

/** Volume: whole gigabytes, 10 at least. */
export function volume(subject: Subject): Estimate {
  return new Bill(tables.hetzner, locationOf(subject), subject)
    .fixed("volume", atLeast(numberAt(subject, "size"), 10), "disk")
    .estimate();
}

/** An IPv4 address costs the same assigned or not; IPv6 is free. */
export function primaryIp(subject: Subject): Estimate {
  const type = textAt(subject, "type");
  const bill = new Bill(tables.hetzner, locationOf(subject), subject);
  if (isMissing(type)) return bill.because(type.reason).estimate();
  return (type === "ipv6" ? bill : bill.fixed("primary IPv4", one)).estimate();
}

export function floatingIp(subject: Subject): Estimate {
  const type = textAt(subject, "type");
  const bill = new Bill(tables.hetzner, textAt(subject, "homeLocation", itsChoice), subject);
  if (isMissing(type)) return bill.because(type.reason).estimate();
  return (type === "ipv6" ? bill : bill.fixed("floating IPv4", one)).estimate();
}

/** It stands in a location or in a network zone. */
export function loadBalancer(subject: Subject): Estimate {
  const type = textAt(subject, "loadBalancerType");
  const zone = inputAt(subject.inputs, "networkZone").kind !== "absent";
  const bill = new Bill(tables.hetzner, zone ? textAt(subject, "networkZone") : locationOf(subject), subject);
  if (isMissing(type)) return bill.because(type.reason).estimate();
  return bill.fixed(`load balancer ${type}`, one).estimate();
}

export function storageBox(subject: Subject): Estimate {
  const type = textAt(subject, "storageBoxType");
  const bill = new Bill(tables.hetzner, textAt(subject, "location", itsChoice), subject);
  if (isMissing(type)) return bill.because(type.reason).estimate();
  return bill.fixed(`storage box ${type}`, one).estimate();
}

/** Billed by what is on the disk, which no plan knows. */
export function snapshot(subject: Subject): Estimate {
  return new Bill(tables.hetzner, "global", subject).usage("snapshot", "snapshot-gb", subject.usage("snapshot-gb")).estimate();
}
