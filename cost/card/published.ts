import { z } from "zod";
import { cardSchema } from "./schema.ts";

/** File of the JSON Schema, beside this one. */
export const schemaFile = "fidus.card-1.schema.json";

/** The JSON Schema of `fidus.card/1`, as text. */
export function publishedSchema(): string {
  return `${JSON.stringify({ title: "fidus.card/1", ...z.toJSONSchema(cardSchema) }, null, 1)}\n`;
}
