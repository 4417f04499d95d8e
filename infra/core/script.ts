import { readFileSync } from "node:fs";

/** Text of a script that lies beside the module: `scriptText(import.meta.url, "scripts/migrate.sh")`. */
export function scriptText(module: string, path: string): string {
  return readFileSync(new URL(path, module), "utf8");
}
