import { amount, zero, type Amount } from "../money.ts";
import { inputAt, listAt } from "../plan/values.ts";
import { addDisk, awsBill, hours, one } from "./aws.ts";
import type { Bill, Estimate } from "./bill.ts";
import { isMissing, numberAt, switchAt, textAt, times, type Quantity, type Subject } from "./subject.ts";

type Inputs = Subject["inputs"];

/** An instance around the clock, on demand, with its disks as far as the plan names them. */
export function instance(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const other = otherOffer(subject);
  if (other === null) addMachines(bill, textAt(subject, "instanceType"), one);
  else bill.because(other);
  const root = inputAt(subject.inputs, "rootBlockDevice.volumeSize").kind !== "absent";
  if (root) addBlockDevice(bill, one, part(subject.inputs["rootBlockDevice"]), "volumeType", "volumeSize");
  else bill.usage("AmazonEC2 EBS gp3 storage", "root-disk-gb", subject.usage("root-disk-gb"), "root disk, as large as its image");
  addDevices(bill, one, subject.inputs, "ebsBlockDevices");
  const address = switchAt(subject, "associatePublicIpAddress", false);
  if (isMissing(address)) bill.because(address.reason);
  else if (address) bill.fixed("AmazonVPC public IPv4 address, in use", hours);
  return bill.estimate();
}

/** Why the list price of a shared machine on demand is not this one's; null where it is. */
function otherOffer(subject: Subject): string | null {
  const tenancy = textAt(subject, "tenancy", "default");
  if (isMissing(tenancy)) return tenancy.reason;
  if (tenancy !== "default") return `tenancy ${tenancy} has no price here`;
  if (inputAt(subject.inputs, "instanceMarketOptions").kind === "absent") return null;
  const market = textAt(subject, "instanceMarketOptions.marketType", "spot");
  return isMissing(market) ? market.reason : `a ${market} machine has no list price`;
}

/** Nodes as many as are wanted now, of the first type of the list, with the disks of their launch template, else EKS's own: 20 GB. */
export function nodeGroup(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const [template] = subject.related("launchTemplate").filter(({ type }) => type === "aws:ec2/launchTemplate:LaunchTemplate");
  const count = numberAt(subject, "scalingConfig.desiredSize");
  const capacity = textAt(subject, "capacityType", "ON_DEMAND");
  const image = textAt(subject, "amiType", "AL2023_x86_64_STANDARD");
  if (isMissing(capacity)) bill.because(capacity.reason);
  else if (capacity !== "ON_DEMAND") bill.because(`${capacity.toLowerCase()} nodes have no list price`);
  else if (isMissing(image)) bill.because(image.reason);
  else if (image.startsWith("WINDOWS")) bill.because("Windows nodes have no price here");
  else addMachines(bill, nodeType(subject, template?.inputs), count);
  if (isMissing(count)) return bill.estimate();
  if (inputAt(subject.inputs, "launchTemplate").kind === "absent") {
    const size = numberAt(subject, "diskSize", 20);
    addDisk(bill, count, { type: "gp3", size, iops: zero, throughput: zero });
  } else if (template === undefined) bill.because("the launch template with its disks is not part of the plan");
  else addDevices(bill, count, template.inputs, "blockDeviceMappings", "ebs");
  return bill.estimate();
}

function nodeType(subject: Subject, template: Inputs | undefined): string | ReturnType<typeof textAt> {
  const types = listAt(subject.inputs, "instanceTypes");
  if (types === null) return { reason: "instanceTypes is known only after the deployment" };
  const [first] = types;
  if (first !== undefined) return first.kind === "known" ? String(first.value) : { reason: "instanceTypes[0] is not known yet" };
  return template === undefined ? "t3.medium" : textAt({ inputs: template }, "instanceType", "t3.medium");
}

/** Bought in advance: billed like the machines, whether they run or not. */
export function capacityReservation(subject: Subject): Estimate {
  const bill = awsBill(subject);
  const platform = textAt(subject, "instancePlatform");
  if (isMissing(platform)) bill.because(platform.reason);
  else if (platform !== "Linux/UNIX") bill.because(`machines with ${platform} have no price here`);
  else addMachines(bill, textAt(subject, "instanceType"), numberAt(subject, "instanceCount"));
  return bill.estimate();
}

export function ebsVolume(subject: Subject): Estimate {
  const bill = awsBill(subject);
  addBlockDevice(bill, one, subject.inputs, "type", "size");
  return bill.estimate();
}

function addMachines(bill: Bill, type: ReturnType<typeof textAt>, count: Quantity): void {
  if (isMissing(type)) bill.because(type.reason);
  else bill.fixed(`AmazonEC2 ${type} Linux on-demand`, times(count, hours), `${type}, Linux, on demand`);
}

function addDevices(bill: Bill, count: Amount, inputs: Inputs, path: string, inner?: string): void {
  const devices = listAt(inputs, path);
  if (devices === null) bill.because(`${path} is known only after the deployment`);
  for (const device of devices ?? []) {
    if (device.kind !== "known") bill.because(`a disk of ${path} is known only after the deployment`);
    else
      addBlockDevice(
        bill,
        count,
        part(inner === undefined ? device.value : part(device.value)[inner]),
        "volumeType",
        "volumeSize",
      );
  }
}

/** A disk that names no type is a gp2 at AWS. */
function addBlockDevice(bill: Bill, count: Amount, inputs: Inputs, typeKey: string, sizeKey: string): void {
  addDisk(bill, count, {
    type: textAt({ inputs }, typeKey, "gp2"),
    size: numberAt({ inputs }, sizeKey),
    iops: numberAt({ inputs }, "iops", 0),
    throughput: numberAt({ inputs }, "throughput", 0),
  });
}

function part(value: unknown): Inputs {
  return typeof value === "object" && value !== null ? (value as Inputs) : {};
}

/** How many more machines may come without another deployment; null where that is not known. */
export function headroom({ inputs }: Pick<Subject, "inputs">): Amount | null {
  const [most, wanted] = ["scalingConfig.maxSize", "scalingConfig.desiredSize"].map((path) => {
    const found = inputAt(inputs, path);
    return found.kind === "known" ? amount(found.value) : null;
  });
  return most == null || wanted == null ? null : most.minus(wanted);
}
