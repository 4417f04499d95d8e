import type { RequestHandler } from "express";
import type { Context } from "../context.ts";
import { AppError } from "../errors.ts";

/**
 * While draining: the connection is closed so that the caller finds another replica, and new work is refused, unless the proxy
 * finds it by itself: then what is here was sent before it knew.
 */
export function refuseWhileDraining({ lifecycle }: Pick<Context, "lifecycle">): RequestHandler {
  return (_req, res, next) => {
    if (!lifecycle.draining) return next();
    res.setHeader("connection", "close");
    if (lifecycle.handsOver) return next();
    throw new AppError("shutting_down", { retryAfter: 2 });
  };
}
