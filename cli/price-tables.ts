import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { staleAfterDays } from "../cost/card/age.ts";
import { compare, documentText, refreshed, type Comparison, type Difference } from "../cost/prices/refresh.ts";
import type { PriceDocument } from "../cost/prices/table.ts";
import { PriceAnswerError } from "../cost/prices/vendors/bad-answer.ts";
import type { Vendor } from "./commands/prices.ts";
import type { CliContext } from "./context.ts";
import { cannotGoOn } from "./errors.ts";
import { readVendor } from "./price-apis.ts";

/** One table beside its vendor. */
export interface Compared extends Comparison {
  readonly vendor: Vendor;
  readonly file: string;
  /** Days since the table was compared last. */
  readonly days: number;
  /** What the table would be with today's prices. */
  readonly document: PriceDocument;
}

/** A card made with this table would show a wrong price, or one that nobody has looked at for too long. */
export function isOff({ differences, days }: Pick<Compared, "differences" | "days">): boolean {
  return differences.length > 0 || days > staleAfterDays.refuse;
}

/** Reads the vendor's prices and compares; writes nothing. Throws exit 1 for an answer that cannot be used. */
export async function comparePrices(ctx: CliContext, vendor: Vendor, folder: string): Promise<Compared> {
  const file = join(folder, `${vendor}.json`);
  const document = JSON.parse(await readFile(file, "utf8")) as PriceDocument;
  const today = new Date().toISOString().slice(0, 10);
  return ctx.progress.step(`prices of ${vendor}`, async (step) => {
    try {
      const readings = await readVendor[vendor](ctx, document, today, step);
      if (readings.length === 0) throw new PriceAnswerError(vendor, "no price that is known here");
      const days = Math.floor((Date.parse(today) - Date.parse(document.date)) / 86_400_000);
      return { vendor, file, days, ...compare(document, readings), document: refreshed(document, readings, today) };
    } catch (error) {
      if (!(error instanceof PriceAnswerError)) throw error;
      const fix = `The table is as it was. ./fidus prices check ${vendor}`;
      throw cannotGoOn("A price API's answer cannot be used", [
        { path: error.vendor, got: error.got, rule: "prices as the vendor documents them", fix },
      ]);
    }
  });
}

/** The same, and writes the table in one step. */
export async function refreshPrices(ctx: CliContext, vendor: Vendor, folder: string): Promise<Compared> {
  const compared = await comparePrices(ctx, vendor, folder);
  const temporary = `${compared.file}.${process.pid}.partial`;
  await writeFile(temporary, documentText(compared.document));
  await rename(temporary, compared.file);
  return compared;
}

/** What was found, for people. */
export function comparisonText({ vendor, days, compared, differences, notGiven }: Compared): string {
  const age = days > staleAfterDays.refuse ? ", too old" : days > staleAfterDays.warn ? ", old" : "";
  const oldest = notGiven.map(({ read }) => read).sort()[0];
  const rest = oldest === undefined ? "" : `; ${notGiven.length} are not in its API, the oldest read ${oldest}`;
  const head = `${vendor}: compared ${days} days ago${age}; ${compared} prices compared, ${differences.length} differ${rest}`;
  return [head, ...differences.map(line)].join("\n");
}

function line({ item, region, unit, table, vendor }: Difference): string {
  return `  ${item}, ${region}: ${table ?? "none"} → ${vendor} per ${unit}`;
}
