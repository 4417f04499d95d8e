import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { publishedSchema, schemaFile } from "./published.ts";

/** Writes the published JSON Schema of a card: `npm run docs`. */
await writeFile(join(import.meta.dirname, schemaFile), publishedSchema());
