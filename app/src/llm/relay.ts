import type { Response } from "express";
import { AppError, type ErrorCode } from "../errors.ts";
import type { Context } from "../context.ts";
import { beat, onClientGone, streamHeaders, write } from "../http/stream.ts";
import { normalizeErrorBody, openAiError } from "./openai-errors.ts";
import { SseScanner } from "./sse-scanner.ts";
import type { Charge } from "./charge.ts";
import { readText, stopReason, upstreamError, type UpstreamRequest, type UpstreamResponse } from "./upstream.ts";

type RelayContext = Pick<Context, "upstream" | "lifecycle" | "metrics" | "heartbeatMs" | "log">;

/** Headers of the runtime that the caller gets to see. */
const passedHeaders = ["content-type", "retry-after", "x-request-id", "openai-processing-ms", "openai-version"];

/**
 * Passes a request to the runtime and its answer back, byte for byte. The upstream is left as soon as the caller is gone.
 * A stream that is slow to start is opened after one heartbeat; later failures then travel as an error event,
 * and never as a made-up end.
 */
export async function relay(
  ctx: RelayContext,
  res: Response,
  request: UpstreamRequest,
  stream: boolean,
  charge: Charge | null = null,
): Promise<void> {
  const work = ctx.lifecycle.begin();
  onClientGone(res, () => work.stop("client-gone"));
  const early = stream ? openEarly(res, ctx.heartbeatMs) : null;
  const started = performance.now();
  try {
    const upstream = await ctx.upstream.request({ ...request, signal: work.signal });
    ctx.metrics.firstByte("openai", performance.now() - started);
    early?.stop();
    if (upstream.statusCode >= 400) await refuse(ctx, res, upstream);
    else if (isEventStream(upstream)) await passStream(ctx, res, upstream, charge);
    else await passBody(res, upstream, charge);
    charge?.settle(upstream.statusCode >= 400 ? "refused" : "complete");
    ctx.metrics.answer("openai", upstream.statusCode >= 400 ? "refused" : "complete");
  } catch (error) {
    const reason = stopReason(work.signal);
    charge?.settle(reason === null ? "failed" : reason === "client-gone" ? "client_gone" : "shut_down");
    if (reason === "client-gone") return ctx.metrics.answer("openai", "client_gone");
    ctx.metrics.answer("openai", reason === null ? "failed" : "shut_down");
    const known = reason === null ? upstreamError(error) : new AppError("shutting_down", { cause: error });
    if (!res.headersSent) throw known;
    ctx.log.warn({ err: known.cause ?? known, code: known.code }, "answer broke off");
    endWithError(res, JSON.stringify(openAiError(known)));
  } finally {
    early?.stop();
    work.done();
  }
}

function isEventStream({ headers }: UpstreamResponse): boolean {
  return String(headers["content-type"] ?? "").startsWith("text/event-stream");
}

/** Opens the stream after `heartbeatMs` without an answer, and keeps it alive until stopped. */
function openEarly(res: Response, heartbeatMs: number): { stop: () => void } {
  const timer = setInterval(() => {
    if (!res.headersSent) res.writeHead(200, streamHeaders);
    beat(res);
  }, heartbeatMs);
  return { stop: () => clearInterval(timer) };
}

function passHead(res: Response, { statusCode, headers }: UpstreamResponse, more: Readonly<Record<string, string>> = {}): void {
  if (res.headersSent) return;
  for (const name of passedHeaders) {
    const value = headers[name];
    if (value !== undefined) res.setHeader(name, value);
  }
  res.writeHead(statusCode, more);
}

async function passBody(res: Response, upstream: UpstreamResponse, charge: Charge | null): Promise<void> {
  const length = upstream.headers["content-length"];
  if (typeof length === "string" && !res.headersSent) res.setHeader("content-length", length);
  passHead(res, upstream);
  for await (const chunk of upstream.body as AsyncIterable<Buffer>) {
    charge?.body(chunk);
    await write(res, chunk);
  }
  res.end();
}

async function passStream(
  { heartbeatMs }: RelayContext,
  res: Response,
  upstream: UpstreamResponse,
  charge: Charge | null,
): Promise<void> {
  passHead(res, upstream, streamHeaders);
  res.flushHeaders();
  const scanner = new SseScanner();
  const timer = setInterval(() => {
    if (scanner.atBoundary) beat(res);
  }, heartbeatMs);
  let finished = false;
  try {
    for await (const chunk of upstream.body as AsyncIterable<Buffer>) {
      for (const { data } of scanner.push(chunk)) {
        finished ||= endsAnswer(data);
        charge?.event(data);
      }
      timer.refresh();
      await write(res, chunk);
    }
  } finally {
    clearInterval(timer);
  }
  if (!finished) throw new AppError("runtime_broken");
  res.end();
}

/**
 * True for `[DONE]`, a finish reason, or an error the runtime reports itself. Inside a JSON string these quotes are
 * escaped, so text of the model cannot look like them.
 */
function endsAnswer(data: string): boolean {
  return data === "[DONE]" || /"finish_reason": ?"/.test(data) || /^\{ ?"error":/.test(data);
}

async function refuse({ log }: RelayContext, res: Response, upstream: UpstreamResponse): Promise<void> {
  const text = await readText(upstream);
  // The runtime refuses our key, not the caller's: a 401 here would send them looking for a fault in theirs.
  const ours: ErrorCode | null = [401, 403].includes(upstream.statusCode) ? "runtime_refused" : null;
  if (ours !== null) log.error({ status: upstream.statusCode }, "the runtime refuses our credentials");
  const body = ours === null ? normalizeErrorBody(text, upstream.statusCode) : JSON.stringify(openAiError(new AppError(ours)));
  if (res.headersSent) return endWithError(res, body);
  const { "retry-after": retryAfter, "x-request-id": requestId } = upstream.headers;
  if (retryAfter !== undefined) res.setHeader("retry-after", retryAfter);
  if (requestId !== undefined) res.setHeader("x-request-id", requestId);
  res
    .status(ours === null ? upstream.statusCode : 502)
    .type("application/json")
    .send(body);
}

/** Ends a started stream with an error the official clients raise; there is no `[DONE]` after it. */
function endWithError(res: Response, body: string): void {
  res.end(`\n\ndata: ${body.replace(/\s*\n\s*/g, " ")}\n\n`);
}
