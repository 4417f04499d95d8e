import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Migration } from "./contract-rule.ts";

const folder = join(import.meta.dirname, "../../app/migrations");

/** The migrations of this checkout, oldest first. */
export function ownMigrations(): Migration[] {
  return readdirSync(folder)
    .sort()
    .map((file) => ({ name: file.replace(/\.sql$/, ""), sql: readFileSync(join(folder, file), "utf8") }));
}
