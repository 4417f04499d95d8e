import { extractPackage } from "./extract.ts";
import type { PackageSchema } from "./types.ts";
import { wantedOf, type PackageName } from "./wanted.ts";

/** The committed file of a package: JSON with one line per type, so that an SDK update reads as a diff. */
export function schemaText(name: PackageName): string {
  const { resources, functions, ...head }: PackageSchema = extractPackage(name, wantedOf(name));
  const fields = Object.entries(head).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `{\n${[...fields, block("resources", resources), block("functions", functions)].join(",\n")}\n}\n`;
}

function block(name: string, entries: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries(entries).map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return `  ${JSON.stringify(name)}: {${lines.length === 0 ? "" : `\n${lines.join(",\n")}\n  `}}`;
}
