import type { Command } from "commander";
import type { Problem } from "../../infra/core/errors.ts";
import { alignColumns } from "../../infra/core/table.ts";
import { openAppAdmin, type Used } from "../app-admin.ts";
import type { CliContext } from "../context.ts";
import { wrongInput } from "../errors.ts";
import { examples } from "../program.ts";
import { defaultStack } from "../stacks.ts";

/** What usage can be summed up by, and how its column is headed. */
const groups = { user: "PERSON", model: "MODEL", feature: "FEATURE", tenant: "TENANT", day: "DAY" } as const;
const groupNames = Object.keys(groups) as readonly (keyof typeof groups)[];

interface Flags {
  readonly from?: string;
  readonly to?: string;
  readonly by: string;
  readonly csv: boolean;
}

/** `./fidus usage [STACK]`: tokens and costs of everybody's calls, summed up by person, model and feature. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("usage")
    .description("tokens and costs by person, model and feature")
    .argument("[stack]", "stack to ask", defaultStack)
    .option("--from <day>", "first day, UTC (default: 30 days before the last)")
    .option("--to <day>", "last day, UTC (default: until now)")
    .option("--by <groups>", `sum up by ${groupNames.join(", ")}: one or more, with commas`, "user,model,feature")
    .option("--csv", "print CSV", false)
    .addHelpText(
      "after",
      examples([
        "./fidus usage",
        "./fidus usage --from 2026-11-01 --to 2026-11-30 --by user",
        "./fidus usage acme --by model,day --csv > usage.csv",
        "./fidus usage --json",
      ]),
    )
    .action(async (stack: string, flags: Flags) => {
      const by = flags.by.split(",").map((name) => name.trim());
      const problems = usageProblems(flags, by, ctx.json);
      if (problems.length > 0) throw wrongInput("the command line cannot be used", problems);
      const question = { from: flags.from ?? null, to: flags.to ?? null, by };
      const app = await openAppAdmin(ctx, stack);
      if (flags.csv) return ctx.print((await app.usageCsv(question)).trimEnd());
      const used = await app.usage(question);
      ctx.printJson({ stack, ...used });
      ctx.print(usageTable(used, by));
    });
}

function usageProblems({ from, to, csv }: Flags, by: readonly string[], json: boolean): Problem[] {
  const problems: Problem[] = [];
  for (const [path, day] of [
    ["--from", from],
    ["--to", to],
  ] as const) {
    if (day !== undefined && !isDay(day)) {
      problems.push({ path, got: day, rule: "a day like 2026-11-01", fix: `./fidus usage ${path} 2026-11-01` });
    }
  }
  if (from !== undefined && to !== undefined && isDay(from) && isDay(to) && from > to) {
    problems.push({
      path: "--from",
      got: from,
      rule: `a day not after --to ${to}`,
      fix: `./fidus usage --from ${to} --to ${from}`,
    });
  }
  if (by.some((name) => !Object.hasOwn(groups, name)) || new Set(by).size !== by.length) {
    const rule = `some of ${groupNames.join(", ")}, each once`;
    problems.push({ path: "--by", got: by.join(","), rule, fix: "./fidus usage --by user,model" });
  }
  if (csv && json) problems.push({ path: "--csv", got: "--csv with --json", rule: "one of them", fix: "./fidus usage --csv" });
  return problems;
}

/** A day that the calendar has. */
function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(text) : Number.NaN;
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** For people: a row per group, dearest first. */
export function usageTable({ from, to, usage }: Used, by: readonly string[]): string {
  const span = `${from.slice(0, 16).replace("T", " ")} to ${to.slice(0, 16).replace("T", " ")} UTC`;
  if (usage.length === 0) return `Nothing was used from ${span}.`;
  const head = [...by.map((name) => groups[name as keyof typeof groups]), "CALLS", "TOKENS IN", "TOKENS OUT", "ESTIMATED", "USD"];
  const figures = ["calls", "promptTokens", "completionTokens", "estimatedCalls", "costUsd"];
  const rows = usage.map((row) => [
    ...by.map((name) => String(row[name] ?? "deleted account")),
    ...figures.map((name) => String(row[name] ?? 0)),
  ]);
  return `From ${span}\n\n${alignColumns([head, ...rows])}`;
}
