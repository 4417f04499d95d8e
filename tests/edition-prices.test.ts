import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { amount, rounded, sum, type Amount } from "../cost/money.ts";
import { tables } from "../cost/prices/table.ts";
import { keysOf } from "../infra/config/keys.ts";
import { gigabytes, type Size } from "../infra/core/units.ts";
import { monthlyOf } from "./write-host-tables.ts";

const read = (path: string): string => readFileSync(join(import.meta.dirname, "..", path), "utf8");
const section = read("docs/editions.md").split("\n### Prices")[1]?.split("\n**Take community**")[0] ?? "";
const rows = Object.fromEntries(
  [...section.matchAll(/^\| (\w+) +\| ([^|]+?) +\| ([^|]+?) +\|$/gm)].map(([, edition = "", price, cost]) => [
    edition,
    { price, cost },
  ]),
);

/** The table's default of an edition's key. */
function standard(edition: "starter" | "enterprise-region", key: string): string {
  const [, spec] = keysOf(edition).find(([name]) => name === key) ?? [];
  return String(spec?.default);
}

function listed(vendor: "hetzner" | "aws", item: string, region: string): Amount {
  const price = amount(tables[vendor].find(item, region, tables[vendor].date)?.price);
  if (price === null) throw new Error(`no price of ${item} in ${region}`);
  return price;
}

test("each edition has its price beside what its infrastructure costs [M-01]", () => {
  expect(Object.entries(rows).flatMap(([edition, { price }]) => (edition === "edition" ? [] : [`${edition}: ${price}`]))).toEqual(
    ["community: free", "starter: € 49", "pro: € 199", "enterprise: custom, on request"],
  );
  expect(rows["community"]?.cost).toBe("your own machine");
});

test("starter's infrastructure is priced from the card's table and the keys' defaults [M-01]", () => {
  const disk = listed("hetzner", "volume", "nbg1").times(gigabytes(standard("starter", "uploadsSize") as Size));
  const box = listed("hetzner", `storage box ${standard("starter", "storageBoxType")}`, "hel1");
  expect(rows["starter"]?.cost).toMatch(new RegExp(`^${rounded(sum([monthlyOf("cx53"), disk, box]))} EUR: a cx53`));
});

test("pro's infrastructure is what its own guide says [M-01]", () => {
  const totals = [...read("docs/pro.md").matchAll(/net a month: \*\*([\d.]+ EUR)\*\*/g)].map(([, total]) => total);
  expect(rows["pro"]?.cost).toContain(`${totals[0]} in topology standard, ${totals[1]} in compact`);
});

test("enterprise's infrastructure starts from what one region's standing parts cost [M-01]", () => {
  const region = "eu-central-1";
  const key = (name: string): string => standard("enterprise-region", name).split(",")[0] ?? "";
  const node = (types: string, count: string): Amount =>
    listed("aws", `AmazonEC2 ${key(types)} Linux on-demand`, region).times(Number(key(count)));
  const hourly = sum([
    listed("aws", "AmazonEKS cluster, standard support", region),
    node("systemInstanceTypes", "systemNodes"),
    node("gpuInstanceTypes", "gpuNodes"),
    listed("aws", "AmazonEC2 NAT gateway", region).times(3),
  ]);
  expect(rows["enterprise"]?.cost).toContain(`from ${rounded(hourly.times(730))} USD in ${region} alone`);
});
