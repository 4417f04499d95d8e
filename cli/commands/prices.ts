import { join } from "node:path";
import { Argument, type Command } from "commander";
import type { CliContext } from "../context.ts";
import { examples } from "../program.ts";

export const vendors = ["hetzner", "aws"] as const;
export type Vendor = (typeof vendors)[number];

/** `./fidus prices check|refresh`: the committed price tables beside what the vendors say today. */
export function register(program: Command, ctx: CliContext): void {
  const prices = program.command("prices").description("compare the price tables with the vendors' price APIs, or rewrite them");
  const vendor = new Argument("[vendor]", "one of them; default: both").choices(vendors);
  prices
    .command("check")
    .description("say which prices differ and how old the tables are; exit 3 when one differs or is too old")
    .addArgument(vendor)
    .addHelpText("after", examples(["./fidus prices check aws", "HCLOUD_TOKEN=… ./fidus prices check"]))
    .action(async (name: Vendor | undefined) => {
      const { comparePrices, comparisonText, isOff } = await loaded();
      const results = await each(name, (one) => comparePrices(ctx, one, tablesFolder(ctx)));
      ctx.printJson({ tables: results.map(({ document: _, ...result }) => result) });
      ctx.print(results.map(comparisonText).join("\n\n"));
      ctx.setExitCode(results.some(isOff) ? 3 : 0);
    });
  prices
    .command("refresh")
    .description("write what the vendors say today into the price tables; what they do not say stays")
    .addArgument(vendor)
    .addHelpText("after", examples(["./fidus prices refresh hetzner && git diff cost/prices"]))
    .action(async (name: Vendor | undefined) => {
      const { comparisonText, refreshPrices } = await loaded();
      const results = await each(name, (one) => refreshPrices(ctx, one, tablesFolder(ctx)));
      ctx.printJson({ tables: results.map(({ document: _, ...result }) => result) });
      ctx.print(results.map((result) => `${comparisonText(result)}\nWritten: ${result.file}`).join("\n\n"));
    });
}

/** No other command should wait for what reads price lists. */
function loaded(): Promise<typeof import("../price-tables.ts")> {
  return import("../price-tables.ts");
}

function tablesFolder({ paths }: CliContext): string {
  return join(paths.checkout, "cost/prices");
}

async function each<T>(name: Vendor | undefined, run: (vendor: Vendor) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  for (const vendor of name === undefined ? vendors : [name]) results.push(await run(vendor));
  return results;
}
