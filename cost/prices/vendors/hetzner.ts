import { z } from "zod";
import { amount, exact, zero } from "../../money.ts";
import type { Reading } from "../refresh.ts";
import { badAnswer } from "./bad-answer.ts";

const price = z.object({ net: z.string().refine((text) => amount(text)?.gte(0) === true, "a price") });
const perLocation = z.object({ location: z.string(), price_monthly: price });
const withTraffic = perLocation.extend({ price_per_tb_traffic: price.optional() });

/** The answer of `GET /v1/pricing`, as far as it is read here. Source: Hetzner Cloud API reference, pricing. */
const answer = z.object({
  pricing: z.object({
    currency: z.string(),
    image: z.object({ price_per_gb_month: price }),
    volume: z.object({ price_per_gb_month: price }),
    server_backup: z.object({ percentage: z.string() }),
    primary_ips: z.array(z.object({ type: z.string(), prices: z.array(perLocation) })),
    floating_ips: z.array(z.object({ type: z.string(), prices: z.array(perLocation) })),
    server_types: z.array(z.object({ name: z.string(), prices: z.array(withTraffic) })).min(1),
    load_balancer_types: z.array(z.object({ name: z.string(), prices: z.array(withTraffic) })),
  }),
});

/** The answer of `GET /v1/storage_box_types`, as far as it is read here. Source: hcloud-go, schema of storage box types. */
const boxes = z.object({
  storage_box_types: z.array(z.object({ name: z.string(), prices: z.array(perLocation) })).min(1),
});

/** Locations that the table has; a balancer in the network zone costs what it costs in each of them. */
const locations = ["fsn1", "nbg1", "hel1"] as const;
const zone = "eu-central";

/**
 * Today's prices at Hetzner's European locations, net: `json` of servers and what belongs to them, `boxJson` of storage boxes, which
 * another of its APIs gives, in the same account's currency. Throws InvalidInputError for an answer that is none, or not in euros.
 */
export function hetznerReadings(json: unknown, boxJson: unknown, today: string): readonly Reading[] {
  const read = answer.safeParse(json, { reportInput: true });
  if (!read.success) throw badAnswer("Hetzner", read.error);
  const readBoxes = boxes.safeParse(boxJson, { reportInput: true });
  if (!readBoxes.success) throw badAnswer("Hetzner", readBoxes.error);
  const { pricing } = read.data;
  if (pricing.currency !== "EUR")
    throw badAnswer("Hetzner", `prices in ${pricing.currency}: the account's currency, not the table's`);
  const share = amount(pricing.server_backup.percentage);
  if (share?.eq(20) !== true)
    throw badAnswer("Hetzner", `server backups at ${pricing.server_backup.percentage} %: the estimator has 20`);
  const source = `Hetzner API ${today}`;
  const reading = (item: string, region: string, unit: string, { net }: z.infer<typeof price>): Reading => {
    // Only IPv6 is free, and that is not read.
    if (amount(net)?.gt(0) !== true) throw badAnswer("Hetzner", `a price of ${net} for ${item} in ${region}`);
    return { item, region, unit, price: shortened(net), source };
  };
  const everywhere = (item: string, prices: readonly z.infer<typeof perLocation>[]): Reading[] =>
    prices
      .filter(({ location }) => locations.some((known) => known === location))
      .map((each) => reading(item, each.location, "month", each.price_monthly));
  const ipv4 = (all: typeof pricing.primary_ips): readonly z.infer<typeof perLocation>[] =>
    all.filter(({ type }) => type === "ipv4").flatMap(({ prices }) => prices);
  return [
    ...pricing.server_types.flatMap(({ name, prices }) => everywhere(`server ${name}`, prices)),
    ...readBoxes.data.storage_box_types.flatMap(({ name, prices }) => everywhere(`storage box ${name}`, prices)),
    ...everywhere("primary IPv4", ipv4(pricing.primary_ips)),
    ...everywhere("floating IPv4", ipv4(pricing.floating_ips)),
    ...locations.map((location) => reading("volume", location, "GB-month", pricing.volume.price_per_gb_month)),
    reading("snapshot", "global", "GB-month", pricing.image.price_per_gb_month),
    ...pricing.load_balancer_types.flatMap(({ name, prices }) => inZone(everywhere(`load balancer ${name}`, prices))),
    ...traffic(pricing.server_types.flatMap(({ prices }) => prices)).map(([location, net]) =>
      reading("traffic beyond what is included", location, "TB", { net }),
    ),
  ];
}

function inZone(readings: readonly Reading[]): readonly Reading[] {
  const [first] = readings;
  const oneForAll = readings.length === locations.length && readings.every(({ price }) => price === first?.price);
  return first !== undefined && oneForAll ? [...readings, { ...first, region: zone }] : readings;
}

/** What a terabyte costs, where all types of a location say the same. */
function traffic(prices: readonly z.infer<typeof withTraffic>[]): (readonly [location: string, net: string])[] {
  return locations.flatMap((location) => {
    const own = prices.flatMap((each) => (each.location === location ? (each.price_per_tb_traffic?.net ?? []) : []));
    const [first, another] = new Set(own.map(shortened));
    return first !== undefined && another === undefined ? [[location, first] as const] : [];
  });
}

/** The API writes ten decimals. Two stay at least, as prices are written. */
function shortened(net: string): string {
  const [whole = "0", digits = ""] = exact(amount(net) ?? zero).split(".");
  return `${whole}.${digits.padEnd(2, "0")}`;
}
