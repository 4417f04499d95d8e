import { z } from "zod";

type Json = Readonly<Record<string, unknown>>;

/** What a caller may send: before defaults and transformations. */
export function requestSchema(type: z.ZodType): Json {
  return schemaOf(type, "input");
}

/** What an answer holds, once it is JSON: a date is a text by then. */
export function responseSchema(type: z.ZodType): Json {
  return schemaOf(type, "output");
}

function schemaOf(type: z.ZodType, io: "input" | "output"): Json {
  const { $schema: _, ...schema } = z.toJSONSchema(type, {
    io,
    unrepresentable: "any",
    target: "draft-2020-12",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === "date") Object.assign(jsonSchema, { type: "string", format: "date-time" });
    },
  });
  return schema;
}
