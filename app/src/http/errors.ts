import type { ErrorRequestHandler, RequestHandler, Response } from "express";
import { AppError, toAppError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { noTelemetry, type Telemetry } from "../telemetry/telemetry.ts";

type Faults = Pick<Telemetry, "fault">;

/** Answers anything unmatched with JSON, never with a page. */
export const notFound: RequestHandler = () => {
  throw new AppError("not_found");
};

/** Logs an error in full (5xx as error, the rest as debug), tells of what nobody foresaw, and prepares what is common to every error answer. */
export function reportError(error: unknown, res: Response, log: Logger, telemetry: Faults): AppError {
  const known = toAppError(error);
  const entry = { err: known.cause ?? known, code: known.code, status: known.status };
  if (known.status >= 500) log.error(entry, "request failed");
  else log.debug(entry, "request refused");
  // What has a code of its own was foreseen.
  if (known.code === "internal") telemetry.fault(known.cause ?? known, { request_id: String(res.getHeader("x-request-id")) });
  if (known.retryAfter !== null) res.setHeader("retry-after", String(known.retryAfter));
  return known;
}

/** The last handler: `{error: {code, message}}`, without anything that was not meant to be sent. */
export function errorHandler(log: Logger, telemetry: Faults = noTelemetry): ErrorRequestHandler {
  return (error, _req, res, next) => {
    const { status, code, message } = reportError(error, res, log, telemetry);
    // Once bytes are out, only cutting the connection tells the client that the answer is not whole.
    if (res.headersSent) return next(error);
    res.status(status).json({ error: { code, message } });
  };
}
