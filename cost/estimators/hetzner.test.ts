import { expect, test } from "vitest";
import { unknownValue } from "../testing.ts";
import { bill, type Example } from "./testing.ts";

const type = "hcloud:index/server:Server";
const location = "nbg1";
/** Its addresses are resources of their own, as in Fidus. */
const ownIps = [{ ipv4: unknownValue, ipv6: unknownValue, ipv4Enabled: true }];
const server = (serverType: unknown, inputs: object = {}, more: Partial<Example> = {}): Example => ({
  type,
  inputs: { serverType, location, ...inputs },
  ...more,
});
const kept = (ordered: string): Partial<Example> => ({ ordered, anew: false });

/** Every amount worked out by hand from Hetzner's list, EUR net a month. */
const examples: Readonly<Record<string, readonly [Example, readonly string[]]>> = {
  "1 cx33: 8.49, and the IPv4 that comes with it: 0.50": [server("cx33"), ["8.49", "0.5", "= 8.99"]],
  "2 cx43 with backups: 15.99 + 0.2 × 15.99 = 3.198, + 0.50": [
    server("cx43", { backups: true }),
    ["15.99", "3.198", "0.5", "= 19.688"],
  ],
  "3 cax31 with backups: 20.99 + 0.2 × 20.99 = 4.198, + 0.50": [
    server("cax31", { backups: true }),
    ["20.99", "4.198", "0.5", "= 25.688"],
  ],
  "4 cpx42 with backups: 69.49 + 13.898 + 0.50, the starter edition on its dearest choice": [
    server("cpx42", { backups: true }),
    ["69.49", "13.898", "0.5", "= 83.888"],
  ],
  "5 ccx23 without IPv4: 85.99": [server("ccx23", { publicNets: [{ ipv4Enabled: false }] }), ["85.99", "= 85.99"]],
  "6 cx53 with addresses of its own: 29.49": [server("cx53", { publicNets: ownIps }), ["29.49", "= 29.49"]],
  "7 cpx42 ordered in May and kept: 25.49, as before the rise of June": [
    server("cpx42", { publicNets: ownIps }, kept("2026-05-01")),
    ["25.49", "= 25.49"],
  ],
  "8 the same ordered anew: 25.49, and the jump to 69.49 as a line: 44.00": [
    server("cpx42", { publicNets: ownIps }, { ordered: "2026-05-01", anew: true }),
    ["25.49", "44", "= 69.49"],
  ],
  "9 cx33 of May rescaled to cx43 with backups: 11.99 + 4.00, and 0.2 × 15.99": [
    server("cx43", { publicNets: ownIps, backups: true }, { ordered: "2026-05-01", anew: true }),
    ["11.99", "4", "3.198", "= 19.188"],
  ],
  "10 cpx42 ordered in July and ordered anew: 69.49, no jump": [
    server("cpx42", { publicNets: ownIps }, { ordered: "2026-07-01", anew: true }),
    ["69.49", "= 69.49"],
  ],
  "11 a disk of 40 GB: 40 × 0.0572": [
    { type: "hcloud:index/volume:Volume", inputs: { size: 40, location } },
    ["2.288", "= 2.288"],
  ],
  "12 a disk of 5 GB: 10 GB are billed: 10 × 0.0572": [
    { type: "hcloud:index/volume:Volume", inputs: { size: 5, location } },
    ["0.572", "= 0.572"],
  ],
  "13 a primary IPv4: 0.50, whether assigned or not": [
    { type: "hcloud:index/primaryIp:PrimaryIp", inputs: { type: "ipv4", location } },
    ["0.5", "= 0.5"],
  ],
  "14 a primary IPv6: nothing": [{ type: "hcloud:index/primaryIp:PrimaryIp", inputs: { type: "ipv6", location } }, ["= 0"]],
  "15 lb11 in a network zone: 7.49": [
    { type: "hcloud:index/loadBalancer:LoadBalancer", inputs: { loadBalancerType: "lb11", networkZone: "eu-central" } },
    ["7.49", "= 7.49"],
  ],
  "16 a storage box of 5 TB: 10.90": [
    { type: "hcloud:index/storageBox:StorageBox", inputs: { storageBoxType: "bx21", location: "hel1" } },
    ["10.9", "= 10.9"],
  ],
  "17 3 TB of traffic beyond what is included: 8.49 + 0.50 + 3 × 1.00": [
    server("cx33", {}, { figures: { "extra-traffic-tb": 3 } }),
    ["8.49", "0.5", "3", "= 11.99"],
  ],
  "18 a snapshot of 20 GB: 20 × 0.0143": [
    { type: "hcloud:index/snapshot:Snapshot", figures: { "snapshot-gb": 20 } },
    ["0.286", "= 0.286"],
  ],
};

test.each(Object.entries(examples))("%s", (_, [example, expected]) => expect(bill(example)).toEqual(expected));

test("the starter edition costs 29.49 + 0.50 + 40 × 0.0572 + 3.20 = 35.478 EUR before it is deployed [M-02]", () => {
  const parts = [
    bill(server("cx53", { publicNets: ownIps })),
    bill({ type: "hcloud:index/primaryIp:PrimaryIp", inputs: { type: "ipv4", location } }),
    bill({ type: "hcloud:index/volume:Volume", inputs: { size: 40, location } }),
    bill({ type: "hcloud:index/storageBox:StorageBox", inputs: { storageBoxType: "bx11", location: "hel1" } }),
  ];
  expect(parts.map((part) => part.at(-1))).toEqual(["= 29.49", "= 0.5", "= 2.288", "= 3.2"]);
});

test.each<[string, Example, string]>([
  ["an unknown type", server(unknownValue), "serverType is known only after the deployment"],
  ["a secret type", server("[secret]"), "serverType is a secret"],
  ["no type", server(undefined), "serverType is not set"],
  ["a type that is not sold", server("cx99"), "server cx99: no price was read for nbg1"],
  ["a location that was not read", server("cx33", { location: "ash" }), "server cx33: no price was read for ash"],
  ["an unknown location", server("cx33", { location: unknownValue }), "location is known only after the deployment"],
  ["unknown networks", server("cx33", { publicNets: unknownValue }), "publicNets is known only after the deployment"],
  ["backups nobody knows of", server("cx33", { backups: unknownValue }), "backups is known only after the deployment"],
  ["a price of before the tables", server("cpx12", {}, kept("2026-05-01")), "server cpx12: no price was read for nbg1"],
  [
    "a disk of unknown size",
    { type: "hcloud:index/volume:Volume", inputs: { size: unknownValue, location } },
    "size is known only",
  ],
  [
    "a disk of a size that is no number",
    { type: "hcloud:index/volume:Volume", inputs: { size: "big", location } },
    "size is no number",
  ],
  [
    "a disk beyond anybody's bill",
    { type: "hcloud:index/volume:Volume", inputs: { size: 1e300, location } },
    "size is a number beyond anybody's bill",
  ],
  [
    "lb21, whose price was not read after April",
    { type: "hcloud:index/loadBalancer:LoadBalancer", inputs: { loadBalancerType: "lb21", location } },
    "load balancer lb21: no price was read for nbg1",
  ],
  [
    "a floating IPv4, likewise",
    { type: "hcloud:index/floatingIp:FloatingIp", inputs: { type: "ipv4", homeLocation: location } },
    "floating IPv4: no price was read for nbg1",
  ],
  ["a type of Hetzner that nobody looked at", { type: "hcloud:index/robot:Robot" }, "this type has no price here"],
])("%s has no amount, and the reason", (_, example, reason) => {
  expect(bill(example).join("; ")).toContain(reason);
});
