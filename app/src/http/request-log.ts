import { randomUUID } from "node:crypto";
import type { RequestHandler } from "express";
import type { Logger } from "../log.ts";

const quiet = new Set(["/health", "/healthz", "/health/ready"]);

/**
 * One line per request: id, method, path without query, status, time. Never headers or bodies; health checks stay silent.
 * Not pino-http: two child loggers per request were a tenth of what a request allocates.
 */
export function requestLog(log: Logger): RequestHandler {
  return (req, res, next) => {
    const given = req.headers["x-request-id"];
    const reqId = typeof given === "string" && /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
    res.setHeader("x-request-id", reqId);
    const path = req.originalUrl.split("?", 1)[0] ?? "";
    if (quiet.has(path)) return next();
    const started = performance.now();
    res.once("close", () => {
      const responseTime = Math.round(performance.now() - started);
      const entry = { reqId, req: { method: req.method, path }, res: { status: res.statusCode }, responseTime };
      if (res.statusCode >= 500) log.warn(entry, "request errored");
      else log.info(entry, res.writableEnded ? "request completed" : "request aborted");
    });
    next();
  };
}
