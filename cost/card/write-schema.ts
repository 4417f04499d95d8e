import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publishedSchemas } from "./published.ts";

/** Writes the published JSON Schemas: `npm run docs`. */
for (const [file, text] of publishedSchemas()) await writeFile(join(import.meta.dirname, file), text);
