import { tables } from "../prices/table.ts";
import type { Card, CardLine, CardResource } from "./schema.ts";

/** Days after which prices are worth a warning, and after which they are worth nothing. */
export const staleAfterDays = { warn: 45, refuse: 120 } as const;

/** How old the prices are that an amount comes from. */
export interface PriceAge {
  /** When the oldest of them was read, ISO date; of a bill without a price the day of the tables. */
  readonly date: string;
  readonly days: number;
  /** That price's line; null without a price. */
  readonly item: string | null;
  /** The command that reads again what is older than `staleAfterDays.warn`. */
  readonly repair: string;
}

/** A line whose price makes an amount: one that depends on use and has no figure does not, nor one of nothing. */
export function isCounted({ monthly, quantity }: Pick<CardLine, "monthly" | "quantity">): boolean {
  return monthly !== null && quantity !== "0";
}

/** The age of the oldest price that counts. `today`: ISO date or time. */
export function priceAge(resources: readonly CardResource[], today: string): PriceAge {
  const counted = resources.flatMap(({ currency, lines, beforeLines }) =>
    [...lines, ...beforeLines].filter(isCounted).flatMap(({ item, read }) => (read === null ? [] : [{ currency, item, read }])),
  );
  const [oldest] = counted.toSorted((a, b) => (`${a.read} ${a.item}` < `${b.read} ${b.item}` ? -1 : 1));
  const ofTables =
    Object.values(tables)
      .map(({ date }) => date)
      .sort()[0] ?? "";
  if (oldest === undefined) return { date: ofTables, days: 0, item: null, repair: "" };
  const old = counted.filter(({ read }) => daysBetween(read, today) > staleAfterDays.warn).map(({ currency }) => currency);
  const vendor = new Set(old).size > 1 ? "" : oldest.currency === "EUR" ? " hetzner" : " aws";
  return {
    date: oldest.read,
    days: daysBetween(oldest.read, today),
    item: oldest.item,
    repair: `./fidus prices refresh${vendor}`,
  };
}

/** A warning about prices that are getting old. */
export function ageFindings(stack: string, age: PriceAge): Card["findings"] {
  if (age.days <= staleAfterDays.warn) return [];
  return [{ rule: "price-age", urn: stack, level: "warning", message: ageText(age), fix: age.repair }];
}

/** Why prices are too old to say anything; [] where they are not. */
export function ageReasons(age: PriceAge): string[] {
  if (age.days <= staleAfterDays.refuse) return [];
  return [`${ageText(age)}; ${staleAfterDays.refuse} days are allowed; ${age.repair}`];
}

function ageText({ date, days, item }: PriceAge): string {
  return `the prices are ${days} days old: ${item ?? ""} was read on ${date}`;
}

/** Whole days, ISO dates or times. */
function daysBetween(from: string, to: string): number {
  return Math.floor((Date.parse(to) - Date.parse(from)) / 86_400_000);
}
