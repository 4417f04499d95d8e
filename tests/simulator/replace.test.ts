import { expect, test } from "vitest";
import { unknownSentinel, type WireMap } from "../../toolchain/providers/values.ts";
import { diffInputs } from "./replace.ts";

const server = "hcloud:index/server:Server";
const base = { name: "app", image: "debian-13", serverType: "cx53", labels: { edition: "starter" }, publicNets: [{ ipv4: 1 }] };

function changes(type: string, before: WireMap, after: WireMap): string[] {
  return diffInputs(type, before, after).changed.map(({ key, kind, replace }) => `${kind}${replace ? "-replace" : ""} ${key}`);
}

test("equal inputs are no change, whatever their order", () => {
  expect(changes(server, base, { ...base, labels: { edition: "starter" } })).toEqual([]);
  expect(changes(server, { a: 1, b: 2 }, { b: 2, a: 1 })).toEqual([]);
});

test("what the table lists replaces, what it does not list is in place, and the innermost path is named", () => {
  expect(changes(server, base, { ...base, image: "debian-12" })).toEqual(["update-replace image"]);
  expect(changes(server, base, { ...base, serverType: "cx43" })).toEqual(["update serverType"]);
  expect(changes(server, base, { ...base, publicNets: [{ ipv4: 2 }], labels: {} })).toEqual([
    "delete labels.edition",
    "update publicNets[0].ipv4",
  ]);
});

test("a dotted row replaces for that nested input only", () => {
  const vpcEndpoint = "aws:ec2/vpcEndpoint:VpcEndpoint";
  const dnsOptions = { dnsRecordIpType: "ipv4", privateDnsPreference: "a" };
  expect(changes(vpcEndpoint, { dnsOptions }, { dnsOptions: { ...dnsOptions, privateDnsPreference: "b" } })).toEqual([
    "update-replace dnsOptions.privateDnsPreference",
  ]);
  expect(changes(vpcEndpoint, { dnsOptions }, { dnsOptions: { ...dnsOptions, dnsRecordIpType: "ipv6" } })).toEqual([
    "update dnsOptions.dnsRecordIpType",
  ]);
});

test("an unknown new value counts as changed", () => {
  expect(changes(server, base, { ...base, userData: unknownSentinel })).toEqual(["add-replace userData"]);
  expect(changes(server, { ...base, backups: false }, { ...base, backups: unknownSentinel })).toEqual(["update backups"]);
});

test("a type without a row, a doubtful type and a doubtful input count as replace and are reported", () => {
  for (const [type, key] of [
    ["hcloud:index/toaster:Toaster", "size"],
    ["aws:budgets/budget:Budget", "timeUnit"],
    ["aws:ecr/repository:Repository", "imageTagMutabilityExclusionFilters"],
  ] as const) {
    const { changed, warnings } = diffInputs(type, { [key]: "a" }, { [key]: "b" });
    expect(changed).toEqual([{ key, kind: "update", replace: true }]);
    expect(warnings).toEqual([`simulated: whether a change of ${key} replaces a ${type} is not known for sure; taken as yes`]);
  }
  expect(diffInputs(server, base, { ...base, image: "debian-12" }).warnings).toEqual([]);
});

test("an input of a doubtful type that a source was read for is in place", () => {
  expect(changes("aws:s3/bucket:Bucket", { tags: { a: "1" } }, { tags: { a: "2" } })).toEqual(["update tags.a"]);
  expect(changes("aws:s3/bucket:Bucket", { bucket: "one" }, { bucket: "two" })).toEqual(["update-replace bucket"]);
});

test("a replacement deletes first where a written-out name stays, and creates first where it changes", () => {
  expect(diffInputs(server, base, { ...base, image: "debian-12" }).deleteFirst).toBe(true);
  expect(diffInputs(server, base, { ...base, image: "debian-12", name: "app-2" }).deleteFirst).toBe(false);
  expect(diffInputs(server, base, { ...base, serverType: "cx43" }).deleteFirst).toBe(false);
  expect(
    diffInputs("hcloud:index/primaryIp:PrimaryIp", { name: "a", type: "ipv4" }, { name: "a", type: "ipv6" }).deleteFirst,
  ).toBe(false);
});
