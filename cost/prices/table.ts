import type { Currency } from "../money.ts";
import aws from "./aws.json" with { type: "json" };
import hetzner from "./hetzner.json" with { type: "json" };

/** H = two readings agree or the vendor's own list; M = one dated reading; L = old, partial or assumed. */
export type Confidence = "H" | "M" | "L";

/** One row of a table's file. */
export interface Row {
  readonly item: string;
  readonly regions: readonly string[];
  readonly unit: string;
  /** Decimal, net, in the table's currency. */
  readonly price: string;
  readonly confidence: Confidence;
  /** Position in the table's sources. */
  readonly source: number;
  /** Orders from this day on, ISO date. @default always */
  readonly from?: string;
  /** Orders before this day, ISO date. @default today */
  readonly until?: string;
  /** When it was compared with its source, ISO date. @default the table's date */
  readonly read?: string;
}

/** A table's file. */
export interface PriceDocument {
  readonly vendor: string;
  readonly about: string;
  readonly currency: Currency;
  /** When the table was last compared with its sources. */
  readonly date: string;
  readonly sources: readonly string[];
  /** What was not read, for people. */
  readonly missing: readonly string[];
  readonly rows: readonly Row[];
}

/** One price as the vendor lists it. */
export interface Price {
  readonly item: string;
  readonly unit: string;
  readonly price: string;
  readonly source: string;
  readonly confidence: Confidence;
  /** When it was compared with its source, ISO date. */
  readonly read: string;
  /** False when the row is one of several by day of order and a later one exists. */
  readonly current: boolean;
}

/** A vendor's list prices. */
export interface PriceTable {
  readonly vendor: string;
  readonly currency: Currency;
  readonly date: string;
  /** The price for an order on `day` (ISO date) in `region`; null: not read, so nothing is known. */
  find(item: string, region: string, day: string): Price | null;
  /** Regions in which the item has a price. */
  regionsOf(item: string): readonly string[];
}

export const tables: Readonly<Record<"hetzner" | "aws", PriceTable>> = {
  hetzner: tableOf(hetzner as PriceDocument),
  aws: tableOf(aws as PriceDocument),
};

function tableOf({ vendor, currency, date, sources, rows }: PriceDocument): PriceTable {
  const byItem = Map.groupBy(rows, ({ item }) => item);
  return {
    vendor,
    currency,
    date,
    find(item, region, day) {
      const at = (byItem.get(item) ?? []).filter(({ regions }) => regions.includes(region) || regions.includes("global"));
      const row = at.find(({ from = "", until = "9999" }) => from <= day && day < until) ?? null;
      if (row === null) return null;
      const { unit, price, confidence, source, until, read = date } = row;
      return { item, unit, price, confidence, read, source: sources[source] ?? "", current: until === undefined };
    },
    regionsOf: (item) => [...new Set((byItem.get(item) ?? []).flatMap(({ regions }) => regions))],
  };
}

/** The weakest of some readings; null for none. */
export function weakest(all: readonly Confidence[]): Confidence | null {
  return (["L", "M", "H"] as const).find((confidence) => all.includes(confidence)) ?? null;
}
