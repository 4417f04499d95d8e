import type { Money } from "./units.ts";

/**
 * Net prices of a month at Hetzner beside those of server types. null = not known: never taken for 0.
 * Source: Hetzner's price feed and price list.
 */
export const hetznerPrices = {
  readOn: "2026-09-29",
  primaryIpv4: "0.50 EUR",
  loadBalancers: { lb11: "7.49 EUR", lb21: null, lb31: null },
  /** Of 100 GB. */
  volume: "5.72 EUR",
} as const satisfies Record<string, string | Readonly<Record<string, Money | null>>>;
