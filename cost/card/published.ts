import { z } from "zod";
import { evidenceSchema } from "./evidence.ts";
import { cardSchema, cardSetSchema } from "./schema.ts";
import { usageSchema } from "./usage.ts";

/** What is published, by its file beside this one. */
const published = {
  "fidus.card-1.schema.json": ["fidus.card/1", cardSchema],
  "fidus.cards-1.schema.json": ["fidus.cards/1", cardSetSchema],
  "fidus.evidence-1.schema.json": ["evidence of a backup", evidenceSchema],
  "fidus.usage-1.schema.json": ["usage file", usageSchema],
} as const satisfies Readonly<Record<string, readonly [string, z.ZodType]>>;

/** The JSON Schemas of what the card writes and reads, as [file, text]. */
export function publishedSchemas(): readonly (readonly [file: string, text: string])[] {
  return Object.entries(published).map(([file, [title, schema]]) => {
    return [file, `${JSON.stringify({ title, ...z.toJSONSchema(schema) }, null, 1)}\n`];
  });
}
