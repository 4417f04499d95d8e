import type { ErrorRequestHandler } from "express";
import { z } from "zod";
import { type AppError, type ErrorCode } from "../errors.ts";
import { reportError } from "../http/errors.ts";
import type { Telemetry } from "../telemetry/telemetry.ts";
import type { Logger } from "../log.ts";

/** The error body of the OpenAI API. */
export interface OpenAiError {
  readonly error: {
    readonly message: string;
    readonly type: string;
    readonly param: string | null;
    readonly code: string | number | null;
  };
}

/** How our own codes read in OpenAI's words: clients choose their exception by status, then by these. */
const words: Partial<Record<ErrorCode, { type: string; code: string; message?: string }>> = {
  invalid_request: { type: "invalid_request_error", code: "invalid_request" },
  too_large: { type: "invalid_request_error", code: "request_too_large" },
  unsupported_endpoint: { type: "invalid_request_error", code: "unsupported_endpoint" },
  cloud_not_allowed: { type: "invalid_request_error", code: "cloud_not_allowed" },
  not_redactable: { type: "invalid_request_error", code: "not_redactable" },
  model_not_found: { type: "invalid_request_error", code: "model_not_found" },
  runtime_busy: { type: "rate_limit_error", code: "runtime_busy" },
  not_found: { type: "invalid_request_error", code: "unknown_url" },
  too_many_requests: { type: "rate_limit_error", code: "rate_limit_exceeded" },
  not_allowed: { type: "invalid_request_error", code: "insufficient_permissions" },
  budget_exhausted: { type: "insufficient_quota", code: "insufficient_quota" },
  unauthenticated: {
    type: "invalid_request_error",
    code: "invalid_api_key",
    message: "Missing or wrong API key. Send it as: Authorization: Bearer fidus_…",
  },
};

/** One of our errors in OpenAI's shape. */
export function openAiError(error: AppError): OpenAiError {
  const { type, code, message } = words[error.code] ?? { type: "api_error", code: error.code };
  return { error: { message: message ?? error.message, type, param: error.param, code } };
}

const shaped = z.looseObject({ error: z.looseObject({ message: z.string() }) });
const plain = z.looseObject({ error: z.string().min(1) });

/**
 * A runtime's error body in OpenAI's shape: untouched when it has it, wrapped when it does not
 * (`{"error": "text"}`, an HTML page, nothing).
 */
export function normalizeErrorBody(text: string, status: number): string {
  const parsed = parseJson(text);
  if (shaped.safeParse(parsed).success) return text;
  const { data } = plain.safeParse(parsed);
  const message = data?.error ?? `The language model answered with status ${status}.`;
  const type = status === 429 ? "rate_limit_error" : status < 500 ? "invalid_request_error" : "api_error";
  return JSON.stringify({ error: { message, type, param: null, code: null } } satisfies OpenAiError);
}

/** The last handler below /v1. */
export function openAiErrorHandler(log: Logger, telemetry: Pick<Telemetry, "fault">): ErrorRequestHandler {
  return (error, _req, res, next) => {
    const known = reportError(error, res, log, telemetry);
    if (res.headersSent) return next(error);
    if (known.status === 401) res.setHeader("www-authenticate", 'Bearer realm="fidus"');
    res.status(known.status).json(openAiError(known));
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
