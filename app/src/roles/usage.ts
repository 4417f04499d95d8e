import { usagePeriod, usageQuery } from "../budget/usage-query.ts";
import { readUsage, usageCsv, usageGroupNames } from "../budget/usage.ts";
import { readDatabaseUrl } from "../config.ts";
import type { Env } from "../env.ts";
import { InvalidInputError } from "../problems.ts";
import { readArguments } from "./arguments.ts";
import { withDb } from "./with-db.ts";

const usage = `usage [--from YYYY-MM-DD] [--to YYYY-MM-DD] [--by ${usageGroupNames.join(",")}] [--csv]`;

/** What everybody's calls used and cost: JSON, or CSV as the API gives it. */
export async function run(args: readonly string[], env: Env): Promise<number> {
  const options = { from: { type: "string" }, to: { type: "string" }, by: { type: "string" }, csv: { type: "boolean" } } as const;
  const { values, positionals } = readArguments(args, options, usage);
  if (positionals.length > 0) throw wrong("arguments", positionals.join(" "), "no other words");
  const { csv = false, ...given } = values;
  const parsed = usageQuery.safeParse(given);
  if (!parsed.success) {
    const [name = ""] = parsed.error.issues[0]?.path ?? [];
    const path = String(name) as keyof typeof given;
    throw wrong(`--${path}`, given[path], path === "by" ? `some of ${usageGroupNames.join(",")}` : "a day like 2026-11-01");
  }
  const { by = ["user", "feature", "model"] } = parsed.data;
  const period = usagePeriod(parsed.data);
  return withDb(readDatabaseUrl(env), async (db) => {
    const rows = await readUsage(db, { ...period, by, userId: null });
    process.stdout.write(csv ? usageCsv(rows, by) : `${JSON.stringify({ ...period, usage: rows })}\n`);
    return 0;
  });
}

function wrong(path: string, got: unknown, rule: string): InvalidInputError {
  return new InvalidInputError([{ path, got, rule, fix: `Use: ${usage}` }]);
}
