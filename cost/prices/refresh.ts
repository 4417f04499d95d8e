import { amount } from "../money.ts";
import type { PriceDocument, Row } from "./table.ts";

/** A price as the vendor's API gives it today. */
export interface Reading {
  readonly item: string;
  readonly region: string;
  readonly unit: string;
  /** Decimal, net, in the table's currency. */
  readonly price: string;
  /** What it was read from, with its date. */
  readonly source: string;
}

/** One price that is not what the table says. */
export interface Difference {
  readonly item: string;
  readonly region: string;
  readonly unit: string;
  /** null: the table has none. */
  readonly table: string | null;
  readonly vendor: string;
}

/** What a comparison of a table with its vendor found. */
export interface Comparison {
  readonly differences: readonly Difference[];
  /** Rows that the API gives, region by region. */
  readonly compared: number;
  /** Rows that it does not give: they stay as they are, and grow old. */
  readonly notGiven: readonly { readonly item: string; readonly region: string; readonly read: string }[];
}

/** A row of one region. */
type Single = Omit<Row, "regions" | "source"> & { readonly region: string; readonly source: string };

/** What today's readings say of a table; differences are sorted by item and region. Throws for a reading in another unit than its row. */
export function compare(document: PriceDocument, readings: readonly Reading[]): Comparison {
  const now = byKey(singles(document).filter(isCurrent));
  const given = new Set(readings.map(keyOf));
  const differences = readings.flatMap((reading): Difference[] => {
    const { item, region, unit, price: vendor } = reading;
    const row = now.get(keyOf(reading));
    if (row !== undefined && row.unit !== unit)
      throw new TypeError(`${item} in ${region}: ${row.unit} in the table, read as ${unit}`);
    return row !== undefined && same(row.price, vendor) ? [] : [{ item, region, unit, table: row?.price ?? null, vendor }];
  });
  const left = [...now.values()].filter((row) => !given.has(keyOf(row)));
  return {
    differences: differences.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    compared: now.size - left.length,
    notGiven: left.map(({ item, region, read = document.date }) => ({ item, region, read })),
  };
}

/**
 * The table with today's readings in it. What the API does not give stays with its own date. A new price of a server holds for
 * orders from `today` on, and the old one for those before: whether it rises for them too, no API says.
 */
export function refreshed(document: PriceDocument, readings: readonly Reading[], today: string): PriceDocument {
  const { differences } = compare(document, readings);
  const changed = new Set(differences.map(keyOf));
  const given = byKey(readings);
  const rows = singles(document).flatMap((row): Single[] => {
    const reading = isCurrent(row) ? given.get(keyOf(row)) : undefined;
    if (reading === undefined) return [{ ...row, read: row.read ?? document.date }];
    const { price, source } = reading;
    const { read: _, ...rest } = row;
    const confirmed: Single = { ...rest, source, confidence: "H" };
    if (!changed.has(keyOf(row))) return [confirmed];
    if (!row.item.startsWith("server ")) return [{ ...confirmed, price }];
    return [
      { ...row, until: today, read: row.read ?? document.date },
      { ...confirmed, price, from: today },
    ];
  });
  const known = new Set(rows.map(keyOf));
  const added = readings
    .filter((reading) => !known.has(keyOf(reading)))
    .map((reading): Single => ({ ...reading, confidence: "H" }));
  return joined({ ...document, date: today }, [...rows, ...added]);
}

/** The file's text: one row a line. */
export function documentText({ rows, sources, missing, ...head }: PriceDocument): string {
  const fields = (object: object): string[] => Object.entries(object).map(([key, value]) => `"${key}": ${inline(value)}`);
  const list = (name: string, values: readonly string[]): string => `"${name}": [\n    ${values.join(",\n    ")}\n  ]`;
  const parts = [
    ...fields(head),
    list("sources", sources.map(inline)),
    list("missing", missing.map(inline)),
    list(
      "rows",
      rows.map((row) => `{${fields(row).join(", ")}}`),
    ),
  ];
  return `{\n  ${parts.join(",\n  ")}\n}\n`;
}

function inline(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(inline).join(", ")}]` : JSON.stringify(value);
}

function singles({ rows, sources }: PriceDocument): Single[] {
  return rows.flatMap(({ regions, source, ...row }) =>
    regions.map((region) => ({ ...row, region, source: sources[source] ?? "" })),
  );
}

/** Regions that share everything else share a row again. */
function joined(document: PriceDocument, all: readonly Single[]): PriceDocument {
  const sources = [...new Set(all.map(({ source }) => source))];
  const groups = Map.groupBy(all, ({ region: _, ...row }) => JSON.stringify(row));
  const rows = [...groups.values()].flatMap((group): Row[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { item, unit, price, confidence, source, from, until, read } = first;
    const dates = {
      ...(from === undefined ? {} : { from }),
      ...(until === undefined ? {} : { until }),
      ...(read === undefined || read === document.date ? {} : { read }),
    };
    const regions = group.map(({ region }) => region);
    return [{ item, regions, unit, price, confidence, source: sources.indexOf(source), ...dates }];
  });
  return { ...document, sources, rows };
}

function isCurrent({ until }: Pick<Row, "until">): boolean {
  return until === undefined;
}

function keyOf({ item, region }: Pick<Reading, "item" | "region">): string {
  return `${item} @ ${region}`;
}

function byKey<T extends Pick<Reading, "item" | "region">>(all: readonly T[]): Map<string, T> {
  return new Map(all.map((each) => [keyOf(each), each]));
}

/** `0.50` and `0.5` are one price. */
function same(one: string, other: string): boolean {
  return amount(one)?.eq(amount(other) ?? -1) === true;
}
