import { errors, Pool, type Dispatcher } from "undici";
import { AppError } from "../errors.ts";
import type { StopReason } from "../lifecycle.ts";

export type UpstreamResponse = Dispatcher.ResponseData;

export interface UpstreamRequest {
  readonly method: "GET" | "POST";
  /** Below the runtime's base, e.g. "/chat/completions". */
  readonly path: string;
  readonly body?: Buffer | string;
  readonly signal?: AbortSignal;
  /** Milliseconds until the headers must be there. @default 10 minutes: a cold model may load for long */
  readonly headersTimeout?: number;
}

/** Largest gap between two pieces of an answer. */
const bodyTimeout = 300_000;
const coldModel = 600_000;

/** Where a runtime is, and how many may talk to it at once. */
export interface UpstreamOptions {
  /** OpenAI-compatible base without a trailing slash. */
  readonly baseUrl: string;
  readonly apiKey: string | null;
  readonly connections: number;
}

/** One long-lived connection pool to a runtime. Redirects are not followed; no client header is passed on. */
export class Upstream {
  readonly #pool: Pool;
  readonly #base: string;
  readonly #apiKey: string | null;

  constructor({ baseUrl, apiKey, connections }: UpstreamOptions) {
    const url = new URL(baseUrl);
    this.#base = url.pathname.replace(/\/$/, "");
    this.#apiKey = apiKey;
    this.#pool = new Pool(url.origin, { connections, pipelining: 1, connect: { timeout: 3_000 }, bodyTimeout });
  }

  /** Sends a request to the runtime. @throws AppError when no answer comes; any status is an answer */
  async request({ method, path, body, signal, headersTimeout = coldModel }: UpstreamRequest): Promise<UpstreamResponse> {
    return this.#send(method, this.#base + path, headersTimeout, body, signal);
  }

  /** Asks a path of the runtime's own, outside its OpenAI-compatible base. @throws AppError */
  async own(method: "GET" | "POST", path: string, signal: AbortSignal, body?: string): Promise<UpstreamResponse> {
    return this.#send(method, path, body === undefined ? 5_000 : coldModel, body, signal);
  }

  async #send(
    method: "GET" | "POST",
    path: string,
    headersTimeout: number,
    body?: Buffer | string,
    signal?: AbortSignal,
  ): Promise<UpstreamResponse> {
    const headers: Record<string, string> = { accept: "application/json, text/event-stream" };
    if (body !== undefined) headers["content-type"] = "application/json";
    if (this.#apiKey !== null) headers["authorization"] = `Bearer ${this.#apiKey}`;
    try {
      return await this.#pool.request({ method, path, headers, headersTimeout, body: body ?? null, signal: signal ?? null });
    } catch (error) {
      throw upstreamError(error);
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }
}

/** Why we stopped an upstream request ourselves, or null when it failed by itself. */
export function stopReason(signal: AbortSignal): StopReason | null {
  return signal.aborted ? (signal.reason as StopReason) : null;
}

/** Gives a failed exchange with the runtime its code. */
export function upstreamError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.BodyTimeoutError) {
    return new AppError("runtime_timeout", { cause: error });
  }
  const { code } = (error ?? {}) as { code?: unknown };
  const connect = [
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ETIMEDOUT",
    "UND_ERR_CONNECT_TIMEOUT",
  ];
  const never = typeof code === "string" && connect.includes(code);
  return new AppError(never ? "runtime_unreachable" : "runtime_broken", { cause: error });
}

/** Reads at most `limit` bytes of a body as text and lets the rest go. */
export async function readText(response: UpstreamResponse, limit = 64 * 1024): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of response.body as AsyncIterable<Buffer>) {
    parts.push(part);
    size += part.length;
    if (size >= limit) break;
  }
  return Buffer.concat(parts).subarray(0, limit).toString("utf8");
}
