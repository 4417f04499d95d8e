import type { Response } from "express";
import type { Context } from "../context.ts";
import { AppError, toAppError } from "../errors.ts";
import { beat, onClientGone, streamHeaders } from "../http/stream.ts";
import { Account } from "./account.ts";
import { paths, type Call } from "./call.ts";
import { cloudAllowed } from "./consent.ts";
import type { Exchange } from "./gateway.ts";
import { openAiError } from "./openai-errors.ts";
import { pump } from "./pump.ts";
import { RefusalError } from "./refusal.ts";
import { StreamPass } from "./stream-pass.ts";
import { stopReason } from "./upstream.ts";
import type { Endpoint, Payer } from "./usage.ts";

type RelayContext = Pick<
  Context,
  "gateway" | "trials" | "meter" | "db" | "lifecycle" | "llmMetrics" | "telemetry" | "heartbeatMs" | "log"
>;

/** Headers of the runtime that the caller gets to see. */
const passedHeaders = ["content-type", "openai-processing-ms", "openai-version"];

/**
 * Passes a request to a runtime and its answer back, byte for byte. The upstream is left as soon as the caller is gone.
 * A stream that is slow to start is opened after one heartbeat; later failures then travel as an error event,
 * and never as a made-up end.
 */
export async function relay(ctx: RelayContext, res: Response, call: Call, payer: Payer): Promise<void> {
  const { endpoint, model } = call;
  const work = ctx.lifecycle.begin();
  onClientGone(res, () => work.stop("client-gone"));
  let account: Account | null = null;
  let early: NodeJS.Timeout | undefined;
  try {
    const chosen = ctx.trials.choose(model ?? ctx.gateway.planner.defaultModel, payer.userId);
    const plan = ctx.gateway.planner.plan({ model: chosen, endpoint, cloud: await cloudAllowed(ctx, payer.userId) });
    account = await Account.open(ctx, call, plan, { ...payer, requestId: String(res.getHeader("x-request-id")) });
    if (call.stream) early = openEarly(res, ctx.heartbeatMs);
    const { maxTokens, targets, asked: onAsk } = account;
    const body = call.bodies(maxTokens);
    const exchange = await ctx.gateway.ask({ path: paths[endpoint], targets, body, onAsk, signal: work.signal });
    clearInterval(early);
    if (exchange.rest === null) passBody(res, exchange, account);
    else await passStream(ctx, res, call, exchange, account);
  } catch (error) {
    const reason = stopReason(work.signal);
    account?.broke(reason ?? error);
    if (reason === "client-gone") return;
    if (error instanceof RefusalError && reason === null) return refuse(res, endpoint, error);
    const known = reason === null ? toAppError(error) : new AppError("shutting_down", { cause: error });
    if (!res.headersSent) throw known;
    ctx.log.warn({ err: known.cause ?? known, code: known.code }, "answer broke off");
    endWithError(res, endpoint, JSON.stringify(openAiError(known)));
  } finally {
    clearInterval(early);
    work.done();
    await account?.settle();
  }
}

/** Opens the stream after `heartbeatMs` without an answer, and keeps it alive until stopped. */
function openEarly(res: Response, heartbeatMs: number): NodeJS.Timeout {
  return setInterval(() => {
    if (!res.headersSent) res.writeHead(200, streamHeaders);
    beat(res);
  }, heartbeatMs);
}

/** What is known of the answer. Who gave it is said by header: a fall-back should be no secret. */
function setHead(res: Response, { headers, candidate }: Exchange): void {
  for (const name of passedHeaders) {
    const value = headers[name];
    if (value !== undefined) res.setHeader(name, value);
  }
  res.setHeader("x-fidus-runtime", candidate.runtime);
  res.setHeader("x-fidus-model", encodeURI(candidate.model));
}

function passBody(res: Response, exchange: Exchange, account: Account): void {
  account.answered(exchange, null);
  // A stream was asked for, and its headers are out.
  if (res.headersSent) throw new AppError("runtime_broken");
  setHead(res, exchange);
  res.setHeader("content-length", exchange.first.length);
  res.end(exchange.first);
  account.complete();
}

async function passStream(ctx: RelayContext, res: Response, call: Call, exchange: Exchange, account: Account): Promise<void> {
  const pass = new StreamPass(call);
  account.answered(exchange, pass.watch);
  if (!res.headersSent) {
    setHead(res, exchange);
    res.writeHead(200, streamHeaders);
  }
  const heart = setInterval(() => beat(res), ctx.heartbeatMs);
  try {
    await pump(exchange, res, pass, () => heart.refresh());
  } finally {
    clearInterval(heart);
  }
  const { finished, failed, done } = pass.watch;
  if (!finished && !failed) throw new AppError("runtime_broken");
  if (!failed) account.complete();
  // Some runtimes forget the end marker of an answer that is whole.
  res.end(failed || done ? undefined : "data: [DONE]\n\n");
}

function refuse(res: Response, endpoint: Endpoint, { status, body, retryAfter }: RefusalError): void {
  if (res.headersSent) return endWithError(res, endpoint, body);
  if (retryAfter !== null) res.setHeader("retry-after", String(retryAfter));
  res.status(status).type("application/json").send(body);
}

/** Ends a started stream with an error the official clients raise; there is no `[DONE]` after it. */
function endWithError(res: Response, endpoint: Endpoint, body: string): void {
  const line = body.replace(/\s*\n\s*/g, " ");
  if (endpoint !== "responses") return void res.end(`data: ${line}\n\n`);
  const { error } = JSON.parse(line) as { error: object };
  res.end(`event: error\ndata: ${JSON.stringify({ type: "error", ...error, error })}\n\n`);
}
