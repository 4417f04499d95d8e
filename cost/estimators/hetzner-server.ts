import { amount, exact, type Amount } from "../money.ts";
import { inputAt, listAt } from "../plan/values.ts";
import { tables, type Price } from "../prices/table.ts";
import { Bill, type Estimate } from "./bill.ts";
import { locationOf, one } from "./hetzner.ts";
import { isMissing, switchAt, textAt, type Subject } from "./subject.ts";

const backupShare = amount("0.2") as Amount;

/**
 * A server: its type at the price of the day it was ordered, its IPv4 unless that is a resource of its own, and backups for a
 * fifth of its price. Hetzner bills hours up to a monthly price that a whole month always reaches (624 hours).
 */
export function server(subject: Subject): Estimate {
  const bill = new Bill(tables.hetzner, locationOf(subject), subject);
  const type = textAt(subject, "serverType");
  const price = isMissing(type) ? null : billedPrice(bill, subject, type);
  if (isMissing(type)) bill.because(type.reason);
  addBackups(bill, subject, price);
  addAddress(bill, subject);
  return bill.usage("traffic beyond what is included", "extra-traffic-tb", subject.usage("extra-traffic-tb")).estimate();
}

/** Adds the server's own lines; null where its price is not known. What an old order would go on costing is a line apart. */
function billedPrice(bill: Bill, subject: Subject, type: string): Price | null {
  const { ordered, anew, today } = subject;
  const item = `server ${type}`;
  const now = bill.price(item, anew || ordered === null ? today : ordered);
  if (now === null) return null;
  const region = locationOf(subject);
  const then = ordered === null || isMissing(region) ? null : tables.hetzner.find(item, region, ordered);
  if (!anew || then === null || then.price === now.price) {
    // Without a day of order an old server looks like a new one; a type with one price for all orders does not care.
    const guessed = ordered === null && !anew && tables.hetzner.regionsOf(item).length > 0 && hasPast(item, now);
    bill.line(now, one, guessed ? `${item} (day of order not recorded: today's price)` : item, guessed ? "L" : now.confidence);
    return now;
  }
  bill.line(then, one, item);
  const rise = (amount(now.price) as Amount).minus(then.price);
  bill.line({ ...now, price: exact(rise) }, one, `${item}: ordered anew at today's price, ${then.price} → ${now.price}`);
  return now;
}

function hasPast(item: string, { price }: Price): boolean {
  const past = tables.hetzner.find(item, "fsn1", "2000-01-01");
  return past !== null && past.price !== price;
}

function addBackups(bill: Bill, subject: Subject, price: Price | null): void {
  const backups = switchAt(subject, "backups", false);
  if (isMissing(backups)) bill.because(backups.reason);
  else if (backups && price !== null) bill.line({ ...price, unit: "server price" }, backupShare, "backups, 20 % of the server");
}

/** An address that the server's own block does not name is made with it, and billed. */
function addAddress(bill: Bill, subject: Subject): void {
  const nets = listAt(subject.inputs, "publicNets");
  if (nets === null || nets.some(({ kind }) => kind !== "known")) {
    bill.because("publicNets is known only after the deployment");
    return;
  }
  const given = nets.length > 0 ? nets.map((net) => (net.kind === "known" ? net.value : {})) : [{}];
  for (const inputs of given) {
    const net = { inputs: inputs as Subject["inputs"] };
    const wanted = switchAt(net, "ipv4Enabled", true);
    const own = ["known", "unknown"].includes(inputAt(net.inputs, "ipv4").kind);
    if (isMissing(wanted)) bill.because("publicNets.ipv4Enabled is known only after the deployment");
    else if (wanted && !own) bill.fixed("primary IPv4", one, "IPv4 that comes with the server");
  }
}
