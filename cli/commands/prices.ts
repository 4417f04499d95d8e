import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Argument, type Command } from "commander";
import { staleAfterDays } from "../../cost/card/verdict.ts";
import { compare, documentText, refreshed, type Comparison, type Difference } from "../../cost/prices/refresh.ts";
import type { PriceDocument } from "../../cost/prices/table.ts";
import { PriceAnswerError } from "../../cost/prices/vendors/bad-answer.ts";
import type { CliContext } from "../context.ts";
import { cannotGoOn } from "../errors.ts";
import { readVendor, vendors, type Vendor } from "../price-apis.ts";
import { examples } from "../program.ts";

/** `./fidus prices check|refresh`: the committed price tables beside what the vendors say today. */
export function register(program: Command, ctx: CliContext): void {
  const prices = program.command("prices").description("compare the price tables with the vendors' price APIs, or rewrite them");
  const vendor = new Argument("[vendor]", "both, or one of them").choices(vendors);
  prices
    .command("check")
    .description("say which prices differ and how old the tables are; exit 3 when one differs or is too old")
    .addArgument(vendor)
    .addHelpText("after", examples(["./fidus prices check aws", "HCLOUD_TOKEN=… ./fidus prices check"]))
    .action(async (name: Vendor | undefined) => {
      const results = await each(name, (one) => comparePrices(ctx, one, tablesFolder(ctx)));
      ctx.printJson({ tables: results.map(({ document: _, ...result }) => result) });
      ctx.print(results.map(text).join("\n\n"));
      ctx.setExitCode(results.some(isOff) ? 3 : 0);
    });
  prices
    .command("refresh")
    .description("write what the vendors say today into the price tables; what they do not say stays")
    .addArgument(vendor)
    .addHelpText("after", examples(["./fidus prices refresh hetzner && git diff cost/prices"]))
    .action(async (name: Vendor | undefined) => {
      const results = await each(name, (one) => refreshPrices(ctx, one, tablesFolder(ctx)));
      ctx.printJson({ tables: results.map(({ document: _, ...result }) => result) });
      ctx.print(results.map((result) => `${text(result)}\nWritten: ${result.file}`).join("\n\n"));
    });
}

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

function tablesFolder({ paths }: CliContext): string {
  return join(paths.checkout, "cost/prices");
}

async function each<T>(name: Vendor | undefined, run: (vendor: Vendor) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const vendor of name === undefined ? vendors : [name]) results.push(await run(vendor));
  return results;
}

function text({ vendor, days, compared, differences, notGiven }: Compared): string {
  const age = days > staleAfterDays.refuse ? ", too old" : days > staleAfterDays.warn ? ", old" : "";
  const oldest = notGiven.map(({ read }) => read).sort()[0];
  const rest = oldest === undefined ? "" : `; ${notGiven.length} are not in its API, the oldest read ${oldest}`;
  const head = `${vendor}: compared ${days} days ago${age}; ${compared} prices compared, ${differences.length} differ${rest}`;
  return [head, ...differences.map(line)].join("\n");
}

function line({ item, region, unit, table, vendor }: Difference): string {
  return `  ${item}, ${region}: ${table ?? "none"} → ${vendor} per ${unit}`;
}
