import { AppError } from "../errors.ts";
import type { Adapter } from "./adapters/adapter.ts";
import { normalizeErrorBody, openAiError } from "./openai-errors.ts";
import { readRetryAfter } from "./retry.ts";
import { readText, type UpstreamResponse } from "./upstream.ts";

/** A runtime's own error, in OpenAI's shape and with the status the caller is to see. */
export class RefusalError extends Error {
  readonly status: number;
  readonly #body: string;
  /** Seconds. */
  readonly retryAfter: number | null;
  /** True: the runtime refuses our key, which no second attempt changes. */
  readonly ours: boolean;
  /** True: it answers a redacted request, and may speak in placeholders. */
  redacted = false;

  constructor(status: number, body: string, headers: UpstreamResponse["headers"] = {}, ours = false) {
    super(`the runtime answered with status ${status}`);
    this.name = "RefusalError";
    this.status = status;
    this.#body = body;
    this.ours = ours;
    this.retryAfter = readRetryAfter(headers["retry-after"]);
  }

  /** JSON. Not a field of its own, so that no log shows it: a runtime may repeat what it was asked. */
  get body(): string {
    return this.#body;
  }
}

/** Reads a refusal. Our own key being refused is not the caller's 401: it would send them looking for a fault in theirs. */
export async function readRefusal(response: UpstreamResponse, adapter: Adapter): Promise<RefusalError> {
  const text = await readText(response);
  const plain = { status: response.statusCode, body: text };
  const { status, body } = adapter.refusal?.(plain) ?? plain;
  if (status === 401 || status === 403) {
    return new RefusalError(502, JSON.stringify(openAiError(new AppError("runtime_refused"))), response.headers, true);
  }
  return new RefusalError(status, normalizeErrorBody(body, status), response.headers);
}

/** What a failed attempt means for the next one. */
export interface Verdict {
  /** The runtime is at fault: its breaker counts it. */
  readonly counts: boolean;
  /** The same runtime may do better in a moment. */
  readonly again: boolean;
  /** Another runtime may do better. */
  readonly elsewhere: boolean;
  readonly retryAfter: number | null;
}

/** Judges a failure before the first byte. */
export function judge(error: unknown): Verdict {
  if (error instanceof RefusalError) {
    const { status, retryAfter, ours } = error;
    const busy = status === 429 || (status === 503 && retryAfter !== null);
    return {
      counts: status >= 500 && !busy,
      again: !ours && [429, 502, 503].includes(status),
      elsewhere: status >= 500 || [404, 408, 429].includes(status),
      retryAfter,
    };
  }
  const { code, retryAfter } = error instanceof AppError ? error : new AppError("internal", { cause: error });
  const runtime = code === "runtime_unreachable" || code === "runtime_broken" || code === "runtime_timeout";
  const full = code === "runtime_busy" || code === "queue_timeout" || code === "runtime_paused";
  return { counts: runtime, again: runtime && code !== "runtime_timeout", elsewhere: runtime || full, retryAfter };
}
