/** Every failure a caller can meet: its HTTP status and a text that is safe to send. */
export const errorTable = {
  invalid_request: { status: 400, text: "The request is not valid." },
  unauthenticated: { status: 401, text: "Sign in first." },
  wrong_credentials: { status: 401, text: "E-mail or password is wrong." },
  forbidden: { status: 403, text: "This request did not come from the page itself." },
  sign_in_refused: { status: 401, text: "The sign-in could not be completed. Try again." },
  email_not_verified: { status: 403, text: "The identity provider has not verified your e-mail address." },
  account_disabled: { status: 403, text: "This account is disabled." },
  provider_away: { status: 503, text: "The identity provider cannot be reached." },
  not_allowed: { status: 403, text: "You may not do this." },
  unsupported_endpoint: { status: 400, text: "The runtime of this model does not serve this endpoint: docs/llm-runtimes.md." },
  cloud_not_allowed: { status: 403, text: "This model runs outside the house. Allow cloud models for your account first." },
  not_redactable: {
    status: 400,
    text: "Pictures, sound, files and token lists cannot be redacted, so they are not sent to a model outside the house.",
  },
  model_not_found: { status: 404, text: "This model does not exist here." },
  not_found: { status: 404, text: "There is nothing here." },
  conflict: { status: 409, text: "This exists already." },
  last_admin: { status: 409, text: "The last administrator cannot be disabled, erased or become a user." },
  unreadable_document: { status: 422, text: "The document cannot be read." },
  knowledge_off: { status: 404, text: "This installation has no model for embeddings: docs/knowledge.md." },
  knowledge_away: { status: 503, text: "The database cannot search documents." },
  conversation_busy: { status: 409, text: "An answer is still being written in this conversation." },
  too_large: { status: 413, text: "The request is too large." },
  too_many_requests: { status: 429, text: "Too many attempts. Wait and try again." },
  budget_exhausted: { status: 429, text: "The budget is used up." },
  runtime_busy: { status: 429, text: "The language model is busy. Try again shortly." },
  internal: { status: 500, text: "Something went wrong on our side." },
  runtime_refused: { status: 502, text: "The language model refused the request." },
  runtime_unreachable: { status: 502, text: "The language model cannot be reached." },
  runtime_broken: { status: 502, text: "The language model stopped in the middle of its answer." },
  interrupted: { status: 503, text: "The answer was interrupted. Ask again." },
  no_model: { status: 503, text: "No language model is available." },
  queue_timeout: { status: 503, text: "The language model was busy for too long. Try again shortly." },
  runtime_paused: { status: 503, text: "The language model fails at the moment. Try again shortly." },
  unavailable: { status: 503, text: "The service is not ready. Try again shortly." },
  budget_closed: { status: 503, text: "Models that cost money are closed until limits work again." },
  shutting_down: { status: 503, text: "The service is restarting. Try again shortly." },
  runtime_timeout: { status: 504, text: "The language model did not answer in time." },
} as const;

export type ErrorCode = keyof typeof errorTable;

export interface AppErrorOptions {
  /** Replaces the table's text; must be safe to send. */
  readonly message?: string;
  /** The failure behind it: logged, never sent. */
  readonly cause?: unknown;
  /** Seconds after which another attempt makes sense. */
  readonly retryAfter?: number;
  /** Replaces the table's status, for a runtime's own 4xx. */
  readonly status?: number;
  /** The field of the request that is at fault. */
  readonly param?: string;
}

/** A failure with a code of {@link errorTable}; whatever else is thrown counts as `internal`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly status: number;
  readonly retryAfter: number | null;
  readonly param: string | null;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    super(options.message ?? errorTable[code].text, { cause: options.cause });
    this.name = "AppError";
    this.code = code;
    this.status = options.status ?? errorTable[code].status;
    this.retryAfter = options.retryAfter ?? null;
    this.param = options.param ?? null;
  }
}

/** Turns anything thrown into an AppError; body-parser's own errors keep their meaning. */
export function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  const { type, status } = (error ?? {}) as { type?: unknown; status?: unknown };
  if (type === "entity.too.large") return new AppError("too_large", { cause: error });
  if (typeof status === "number" && status >= 400 && status < 500) {
    // A file's range or condition that does not hold keeps its own status.
    return new AppError("invalid_request", { cause: error, ...(status === 412 || status === 416 ? { status } : {}) });
  }
  if (isDatabaseAway(error)) return new AppError("unavailable", { cause: error, retryAfter: 5 });
  return new AppError("internal", { cause: error });
}

/** Connection refused, server starting or stopping, no free connection, no room: all pass without a change here. */
function isDatabaseAway(error: unknown): boolean {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown };
  const codes = ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "EAI_AGAIN", "57P01", "57P02", "57P03", "08006"];
  // 53: insufficient resources, of disk, memory or connections. ENOSPC: the folder of uploads is full.
  if (typeof code === "string" && (codes.includes(code) || /^(53\d{3}|ENOSPC)$/.test(code))) return true;
  return typeof message === "string" && /^(Connection terminated|timeout exceeded when trying to connect)/.test(message);
}
