import { readDatabaseUrl } from "../config.ts";
import { migrate, migrationStatus } from "../db/migrate.ts";
import type { Env } from "../env.ts";
import { InvalidInputError } from "../problems.ts";
import { migrationsFolder } from "../resources.ts";
import { print, readArguments } from "./arguments.ts";

const usage = "migrate [--status] [--json]";

/** Applies all migrations, or tells where the database stands. Exit 1 names the migration that failed. */
export async function run(args: readonly string[], env: Env): Promise<number> {
  const { values, positionals } = readArguments(args, { status: { type: "boolean" }, json: { type: "boolean" } }, usage);
  if (positionals.length > 0)
    throw new InvalidInputError([{ path: "arguments", got: args.join(" "), rule: "options alone", fix: `Use: ${usage}` }]);
  const databaseUrl = readDatabaseUrl(env);
  const folder = migrationsFolder();
  if (values.status === true) print({ ...(await migrationStatus(databaseUrl, folder)) }, values.json === true);
  // Programs read this one: JSON with and without the flag.
  else print({ ...(await migrate(databaseUrl, folder)) }, true);
  return 0;
}
