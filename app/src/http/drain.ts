import type { RequestHandler } from "express";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";

/** While draining: no new work, and the connection is closed so that the caller finds another replica. */
export function refuseWhileDraining({ lifecycle }: Pick<Context, "lifecycle">): RequestHandler {
  return (_req, res, next) => {
    if (!lifecycle.draining) return next();
    res.setHeader("connection", "close");
    throw new AppError("shutting_down", { retryAfter: 2 });
  };
}
