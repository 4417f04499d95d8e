import { expect, test } from "vitest";
import { isCidr, overlap } from "../core/cidr.ts";
import { networkPlan } from "./network-plan.ts";
import { zoneIds } from "./zones.ts";

const zones = zoneIds["eu-central-1"];

test("a network is cut into three private and three public parts, none of which share an address", () => {
  const plan = networkPlan("10.40.0.0/16", zones, "per-zone");
  expect(plan.zones.map(({ privateRange, publicRange }) => [privateRange, publicRange])).toEqual([
    ["10.40.0.0/18", "10.40.192.0/20"],
    ["10.40.64.0/18", "10.40.208.0/20"],
    ["10.40.128.0/18", "10.40.224.0/20"],
  ]);
  for (const range of ["10.40.0.0/16", "10.40.128.0/17"]) {
    const parts = networkPlan(range, zones, "one").zones.flatMap((zone) => [zone.privateRange, zone.publicRange]);
    expect(parts.filter((part) => !isCidr(part) || !overlap(part, range))).toEqual([]);
    const pairs = parts.flatMap((one, index) => parts.slice(index + 1).map((other) => [one, other] as const));
    expect(pairs.filter(([one, other]) => overlap(one, other))).toEqual([]);
  }
});

test("with a NAT gateway per zone no zone depends on another one", () => {
  const { zones: planned, endpointZones } = networkPlan("10.40.0.0/16", zones, "per-zone");
  expect(planned.map(({ zoneId, hasNat, letter, natFrom }) => [zoneId, hasNat, letter === natFrom])).toEqual(
    zones.map((zoneId) => [zoneId, true, true]),
  );
  expect(endpointZones).toEqual(["a", "b", "c"]);
});

test("one NAT gateway stands in the first zone and serves all three", () => {
  const { zones: planned, endpointZones } = networkPlan("10.40.0.0/16", zones, "one");
  expect(planned.map(({ hasNat, natFrom }) => [hasNat, natFrom])).toEqual([
    [true, "a"],
    [false, "a"],
    [false, "a"],
  ]);
  expect(endpointZones).toEqual(["a"]);
});

test("every region has three zones of its own, and none that cannot hold a control plane", () => {
  const all = Object.values(zoneIds).flat();
  expect(new Set(all).size).toBe(all.length);
  expect(all).not.toContain("use1-az3");
});
