import type { Response } from "express";
import type { Context } from "../context.ts";
import { AppError, toAppError } from "../errors.ts";
import { AnswerEvents } from "../redaction/answer-events.ts";
import { restoreJson } from "../redaction/answer.ts";
import { sayTokensLeft } from "../http/limits.ts";
import { beat, onClientGone, streamHeaders } from "../http/stream.ts";
import type { TokensLeft } from "../http/token-allowance.ts";
import { Account } from "./account.ts";
import { Recorder } from "./cache/recorder.ts";
import type { CacheSlot, CacheWish } from "./cache/response-cache.ts";
import { serveKept } from "./cache/serve.ts";
import { paths, redactedOf, type Call } from "./call.ts";
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
  "gateway" | "trials" | "meter" | "db" | "lifecycle" | "llmMetrics" | "telemetry" | "heartbeatMs" | "log" | "cache"
>;

const endMarker = Buffer.from("data: [DONE]\n\n");

/** Headers of the runtime that the caller gets to see. */
const passedHeaders = ["content-type", "openai-processing-ms", "openai-version"];

/**
 * Passes a request to a runtime and its answer back, byte for byte, save what is redacted on its way out of the house. The upstream is left as soon as the caller is gone.
 * A stream that is slow to start is opened after one heartbeat; later failures then travel as an error event,
 * and never as a made-up end.
 */
export async function relay(ctx: RelayContext, res: Response, call: Call, payer: Payer, wish: CacheWish): Promise<void> {
  const { endpoint, model, unreadable } = call;
  const work = ctx.lifecycle.begin();
  onClientGone(res, () => work.stop("client-gone"));
  let account: Account | null = null;
  let early: NodeJS.Timeout | undefined;
  try {
    const chosen = ctx.trials.choose(model ?? ctx.gateway.planner.defaultModel, payer.userId);
    const cloud = await cloudAllowed(ctx, payer.userId);
    const plan = ctx.gateway.planner.plan({ model: chosen, endpoint, unreadable, cloud });
    const slot = ctx.cache?.slot(call, plan, payer, cloud, wish) ?? null;
    const kept = (await slot?.read()) ?? null;
    if (slot !== null) res.setHeader("x-cache", kept === null ? "miss" : "hit");
    if (kept !== null) return serveKept(ctx, res, { call, plan, payer, answer: kept });
    await ctx.gateway.redact(call, plan);
    const onTokensLeft = (left: TokensLeft): void => sayTokensLeft(res, left);
    account = await Account.open(ctx, call, plan, { ...payer, requestId: String(res.getHeader("x-request-id")), onTokensLeft });
    if (call.stream) early = openEarly(res, ctx.heartbeatMs);
    const { maxTokens, targets, asked: onAsk } = account;
    const body = call.bodies(maxTokens);
    const exchange = await ctx.gateway.ask({ path: paths[endpoint], targets, body, onAsk, signal: work.signal });
    clearInterval(early);
    const recorder = slot === null ? null : new Recorder(slot.limit);
    if (exchange.rest === null) passBody(res, call, exchange, account, recorder);
    else await passStream(ctx, res, call, exchange, account, recorder);
    // The answer of whoever stood in is not kept: the next one may be the model's own.
    if (slot !== null && exchange.target === plan.targets[0]) await keep(slot, exchange, account, recorder?.answer ?? null);
  } catch (error) {
    const reason = stopReason(work.signal);
    account?.broke(reason ?? error);
    if (reason === "client-gone") return;
    if (error instanceof RefusalError && reason === null) return refuse(res, call, error);
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

/** True: the answer may speak in placeholders. */
function wasRedacted(call: Call, { target }: Exchange): boolean {
  return target.runtime.config.redaction !== "off" && redactedOf(call).placeholders.size > 0;
}

async function keep(slot: CacheSlot, { rest, candidate }: Exchange, account: Account, body: Buffer | null): Promise<void> {
  if (body === null || !account.isComplete) return;
  await slot.store({ body, stream: rest !== null, candidate, usage: account.usage });
}

function passBody(res: Response, call: Call, exchange: Exchange, account: Account, recorder: Recorder | null): void {
  account.answered(exchange, null);
  // A stream was asked for, and its headers are out.
  if (res.headersSent) throw new AppError("runtime_broken");
  setHead(res, exchange);
  const texts = call.endpoint !== "embeddings" && wasRedacted(call, exchange);
  const body = texts ? Buffer.from(restoreJson(exchange.first.toString("utf8"), redactedOf(call).placeholders)) : exchange.first;
  res.setHeader("content-length", body.length);
  res.end(body);
  recorder?.add(body);
  account.complete();
}

async function passStream(
  ctx: RelayContext,
  res: Response,
  call: Call,
  exchange: Exchange,
  account: Account,
  recorder: Recorder | null,
): Promise<void> {
  const { endpoint, hideUsage, jsonAnswer: json } = call;
  const restore = wasRedacted(call, exchange)
    ? new AnswerEvents(redactedOf(call).placeholders, { responses: endpoint === "responses", json })
    : null;
  const pass = new StreamPass({ endpoint, hideUsage, restore });
  account.answered(exchange, pass.watch);
  if (!res.headersSent) {
    setHead(res, exchange);
    res.writeHead(200, streamHeaders);
  }
  const heart = setInterval(() => beat(res), ctx.heartbeatMs);
  try {
    await pump(exchange, res, pass, (out) => {
      heart.refresh();
      recorder?.add(out);
    });
  } finally {
    clearInterval(heart);
    const rest = pass.end();
    recorder?.add(rest);
    if (rest.length > 0 && !res.destroyed) res.write(rest);
  }
  const { finished, failed, done } = pass.watch;
  if (!finished && !failed) throw new AppError("runtime_broken");
  if (!failed) account.complete();
  // Some runtimes forget the end marker of an answer that is whole.
  if (failed || done) return void res.end();
  recorder?.add(endMarker);
  res.end(endMarker);
}

function refuse(res: Response, call: Call, { status, body: said, retryAfter, redacted }: RefusalError): void {
  const body = redacted ? restoreJson(said, redactedOf(call).placeholders) : said;
  if (res.headersSent) return endWithError(res, call.endpoint, body);
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
