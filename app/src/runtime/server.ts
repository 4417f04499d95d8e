import { randomUUID } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { beat, onClientGone, streamHeaders, write } from "../http/stream.ts";
import type { Lifecycle } from "../lifecycle.ts";
import type { Logger } from "../log.ts";
import { EngineError, type Engine } from "./engine.ts";
import type { GenerateResult } from "./protocol.ts";
import { BadRequestError, readChatRequest, type ChatRequest } from "./request.ts";

export interface RuntimeServerOptions {
  readonly engine: Pick<Engine, "generate" | "loaded" | "tokensPerSecond" | "usable" | "queued">;
  /** Name the model is offered under. */
  readonly modelName: string;
  /** True: other names are refused. False: nobody configured one, any is taken. */
  readonly strictName: boolean;
  readonly modelFile: string;
  readonly version: string;
  readonly lifecycle: Lifecycle;
  readonly heartbeatMs: number;
  readonly log: Logger;
}

const bodyLimit = 8 * 1024 * 1024;

/** The embedded runtime's HTTP face: the part of OpenAI's API the model can serve, health and status. No credentials: internal. */
export function createRuntimeHandler(options: RuntimeServerOptions): RequestListener {
  return (req, res) => {
    const path = (req.url ?? "").split("?", 1)[0];
    const route = `${req.method} ${path}`;
    if (route === "GET /health" || route === "GET /healthz") return health(options, res);
    if (route === "GET /status") return status(options, res);
    if (route === "GET /v1/models") return sendJson(res, 200, { object: "list", data: [modelEntry(options)] });
    if (route === `GET /v1/models/${encodeURIComponent(options.modelName)}`) return sendJson(res, 200, modelEntry(options));
    if (route === "POST /v1/chat/completions") return void chat(options, req, res);
    sendError(res, 404, `Unknown request URL: ${route}.`, "unknown_url");
  };
}

/** Alive as long as it serves; says whether there is a model, so that a missing file is seen and not guessed. */
function health({ engine, version, modelFile }: RuntimeServerOptions, res: ServerResponse): void {
  const problem = engine.usable ? null : `There is no model file at ${modelFile}.`;
  sendJson(res, 200, {
    status: "ok",
    version,
    time: new Date().toISOString(),
    model: engine.usable ? "present" : "missing",
    problem,
  });
}

function status({ engine, modelName }: RuntimeServerOptions, res: ServerResponse): void {
  const { loaded, usable, queued } = engine;
  const tokensPerSecond = engine.tokensPerSecond === null ? null : Math.round(engine.tokensPerSecond * 10) / 10;
  sendJson(res, 200, { loaded, model: modelName, tokensPerSecond, usable, queued });
}

function modelEntry({ modelName }: RuntimeServerOptions) {
  return { id: modelName, object: "model", created: 0, owned_by: "fidus" };
}

async function chat(options: RuntimeServerOptions, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const work = options.lifecycle.begin();
  onClientGone(res, () => work.stop("client-gone"));
  try {
    if (options.lifecycle.draining) throw new EngineError("busy", "The runtime is stopping.");
    const request = readChatRequest(await readBody(req));
    if (options.strictName && request.model !== null && request.model !== options.modelName) {
      throw new BadRequestError(
        "model",
        `The model ${JSON.stringify(request.model)} does not exist; this is ${options.modelName}.`,
        "model_not_found",
      );
    }
    await (request.stream ? answerStream : answerWhole)(options, request, res, work.signal);
  } catch (error) {
    options.log.debug({ err: error }, "request failed");
    sendFailure(res, error);
  } finally {
    work.done();
  }
}

async function answerWhole(
  { engine, modelName }: RuntimeServerOptions,
  request: ChatRequest,
  res: ServerResponse,
  signal: AbortSignal,
) {
  let content = "";
  const result = await engine.generate(request.options, signal, (text) => (content += text));
  if (result === null) return void res.destroy();
  const message = { role: "assistant", content, refusal: null };
  const choices = [{ index: 0, message, finish_reason: result.finishReason, logprobs: null }];
  sendJson(res, 200, { ...head(modelName, "chat.completion"), choices, usage: usageOf(result) });
}

async function answerStream(options: RuntimeServerOptions, request: ChatRequest, res: ServerResponse, signal: AbortSignal) {
  const base = head(options.modelName, "chat.completion.chunk");
  const chunk = (delta: object, finish_reason: string | null = null): string =>
    `data: ${JSON.stringify({ ...base, choices: [{ index: 0, delta, finish_reason, logprobs: null }] })}\n\n`;
  // Nothing is sent before the first piece, so that a refusal keeps its status; then heartbeats cover a slow prompt.
  const open = (): void => {
    if (!res.headersSent) res.writeHead(200, streamHeaders).write(chunk({ role: "assistant", content: "" }));
  };
  const timer = setInterval(() => {
    open();
    beat(res);
  }, options.heartbeatMs);
  try {
    const result = await options.engine.generate(request.options, signal, (text) => {
      open();
      void write(res, chunk({ content: text }));
    });
    if (result === null) return void res.destroy();
    open();
    await write(res, chunk({}, result.finishReason));
    if (request.includeUsage) await write(res, `data: ${JSON.stringify({ ...base, choices: [], usage: usageOf(result) })}\n\n`);
    res.end("data: [DONE]\n\n");
  } finally {
    clearInterval(timer);
  }
}

function head(model: string, object: string) {
  return { id: `chatcmpl-${randomUUID()}`, object, created: Math.floor(Date.now() / 1000), model };
}

function usageOf({ promptTokens, completionTokens }: GenerateResult) {
  return { prompt_tokens: promptTokens, completion_tokens: completionTokens, total_tokens: promptTokens + completionTokens };
}

async function readBody(req: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > bodyLimit) throw new BadRequestError(null, `The body is larger than ${bodyLimit} bytes.`, "request_too_large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/** Status and words of each way to fail. */
function failureOf(error: unknown): { status: number; code: string; param: string | null; message: string } {
  if (error instanceof BadRequestError) {
    const { code, param, message } = error;
    return { status: code === "model_not_found" ? 404 : 400, code, param, message };
  }
  if (!(error instanceof EngineError)) return { status: 500, code: "internal", param: null, message: "Something went wrong." };
  const { failure, message } = error;
  const table = { busy: 429, no_model: 503, model_failed: 503, context_length_exceeded: 400, generation_failed: 500 } as const;
  return { status: table[failure], code: failure, param: failure === "context_length_exceeded" ? "messages" : null, message };
}

function sendFailure(res: ServerResponse, error: unknown): void {
  const { status: code, code: name, param, message } = failureOf(error);
  if (res.headersSent) return void res.end(`data: ${JSON.stringify(errorBody(code, message, name, param))}\n\n`);
  if (code === 429 || code === 503) res.setHeader("retry-after", code === 429 ? "2" : "10");
  sendError(res, code, message, name, param);
}

function errorBody(statusCode: number, message: string, code: string, param: string | null = null) {
  const type = statusCode === 429 ? "rate_limit_error" : statusCode < 500 ? "invalid_request_error" : "api_error";
  return { error: { message, type, param, code } };
}

function sendError(res: ServerResponse, statusCode: number, message: string, code: string, param: string | null = null): void {
  sendJson(res, statusCode, errorBody(statusCode, message, code, param));
}

function sendJson(res: ServerResponse, statusCode: number, body: unknown): void {
  if (res.destroyed) return;
  res.writeHead(statusCode, { "content-type": "application/json", "cache-control": "no-store" }).end(JSON.stringify(body));
}
