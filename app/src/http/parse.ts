import type { Request } from "express";
import { z } from "zod";
import { AppError } from "../errors.ts";

/** A string that PostgreSQL can keep: its text has every character but NUL, and half a character is none. */
export const storableText = z
  .string()
  .refine((text) => !text.includes("\0"), "must not contain the NUL character")
  .refine((text) => text.isWellFormed(), "must not contain half a character (a lone surrogate)");

/** The validated body. @throws AppError invalid_request that names the first broken field, never its value */
export function parseBody<T extends z.ZodType>(schema: T, req: Request): z.output<T> {
  if (req.body === undefined) {
    throw new AppError("invalid_request", { message: "The body must be JSON, sent as Content-Type: application/json." });
  }
  return parse(schema, req.body);
}

/** A validated path parameter. An id that cannot exist is `not_found`, as one that does not. */
export function parseId<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AppError("not_found");
  return parsed.data;
}

/** A validated value. @throws AppError invalid_request */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const { path = [], message = "invalid" } = parsed.error.issues[0] ?? {};
  if (path.length === 0) throw new AppError("invalid_request", { message: `body: ${message}.` });
  const param = path.join(".");
  throw new AppError("invalid_request", { message: `${param}: ${message}.`, param });
}
