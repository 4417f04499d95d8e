import type { Request } from "express";
import type { z } from "zod";
import { AppError } from "../errors.ts";

/** The validated body. @throws AppError invalid_request that names the first broken field, never its value */
export function parseBody<T extends z.ZodType>(schema: T, req: Request): z.output<T> {
  return parse(schema, req.body);
}

/** A validated path parameter. An id that cannot exist is `not_found`, as one that does not. */
export function parseId<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new AppError("not_found");
  return parsed.data;
}

function parse<T extends z.ZodType>(schema: T, value: unknown): z.output<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = issue === undefined || issue.path.length === 0 ? "body" : issue.path.join(".");
  throw new AppError("invalid_request", { message: `${path}: ${issue?.message ?? "invalid"}.` });
}
