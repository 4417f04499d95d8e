import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { docker } from "./product.ts";

/** What a stand-in pretends to be: the OpenAI protocol alone, with Ollama's own paths beside it, or with embeddings. */
export type StandInKind = "scripted OpenAI-compatible stand-in" | "scripted Ollama stand-in" | "scripted embedder";

/** A server on this host that speaks a runtime's protocol and gives the same answer always: no model, no runtime. */
export interface StandIn {
  readonly kind: StandInKind;
  /** As containers reach it through the host entry; ends in /v1. */
  readonly url: string;
  /** As this host reaches it; ends in /v1. */
  readonly hostUrl: string;
  /** What it was asked: `METHOD path model`, oldest first. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

export interface StandInArgs {
  readonly kind: StandInKind;
  readonly model: string;
  /** Callers without it get 401. @default none is needed */
  readonly key?: string;
  /** Milliseconds between the pieces of a stream. @default 100 */
  readonly pauseMs?: number;
}

/** Starts it on a free port of the address that containers know as host.docker.internal. */
export async function startStandIn(args: StandInArgs): Promise<StandIn> {
  const asked: string[] = [];
  const server = createServer((req, res) => void answer(args, asked, req, res));
  const gateway = await hostGateway();
  server.listen(0, gateway);
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the stand-in got no port");
  const at = (host: string): string => `http://${host}:${address.port}/v1`;
  return { kind: args.kind, url: at("host.docker.internal"), hostUrl: at(gateway), asked, stop: () => stop(server) };
}

/** Where Docker's `host-gateway` leads: the default bridge. */
export async function hostGateway(): Promise<string> {
  return (await docker(["network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}"])).trim();
}

async function stop(server: Server): Promise<void> {
  if (!server.listening) return;
  server.close();
  server.closeAllConnections();
  await once(server, "close");
}

async function answer(args: StandInArgs, asked: string[], req: IncomingMessage, res: ServerResponse): Promise<void> {
  const { kind, model, key } = args;
  const parts: Buffer[] = [];
  for await (const part of req as AsyncIterable<Buffer>) parts.push(part);
  const body = parts.length === 0 ? {} : (JSON.parse(Buffer.concat(parts).toString("utf8")) as Chat);
  const path = `${req.method} ${req.url}`;
  asked.push([path, body.model].filter(Boolean).join(" "));
  if (key !== undefined && req.headers.authorization !== `Bearer ${key}`) return json(res, 401, problem("no such key"));
  if (path === "GET /v1/models") return json(res, 200, { object: "list", data: [{ id: model, object: "model" }] });
  if (path === "GET /api/tags" && kind === "scripted Ollama stand-in") return json(res, 200, { models: [{ name: model }] });
  if (path === "GET /api/ps" && kind === "scripted Ollama stand-in") return json(res, 200, { models: [{ name: model }] });
  if (path === "POST /v1/embeddings" && kind === "scripted embedder") return json(res, 200, vectors(body.input ?? []));
  if (path !== "POST /v1/chat/completions") return json(res, 404, problem(`no ${path} here`));
  if (body.model !== model) return json(res, 404, problem(`no model ${body.model}`));
  if (body.stream === false) return json(res, 200, whole(model));
  await stream(res, model, args.pauseMs ?? 100);
}

interface Chat {
  readonly model?: string;
  readonly stream?: boolean;
  readonly input?: readonly string[];
}

/** The same for every text. */
function vectors(texts: readonly string[]): object {
  return { object: "list", data: texts.map((_text, index) => ({ object: "embedding", index, embedding: [1, 0] })) };
}

function whole(model: string): object {
  const message = { role: "assistant", content: "Hello from a script." };
  const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 0,
    model,
    choices: [{ index: 0, message, finish_reason: "stop" }],
    usage,
  };
}

/** Five chunks, each at a time of its own, and the usage. */
async function stream(res: ServerResponse, model: string, pauseMs: number): Promise<void> {
  res.writeHead(200, { "content-type": "text/event-stream" });
  const head = { id: "chatcmpl-1", object: "chat.completion.chunk", created: 0, model };
  const chunk = (rest: object): boolean => res.write(`data: ${JSON.stringify({ ...head, ...rest })}\n\n`);
  for (const content of ["Hel", "lo ", "from ", "a ", "script."]) {
    chunk({ choices: [{ index: 0, delta: { content }, finish_reason: null }] });
    // The pace of a model: on a busy machine pieces that come faster arrive together.
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
  chunk({ choices: [{ index: 0, delta: {}, finish_reason: "stop" }] });
  chunk({ choices: [], usage: { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 } });
  res.end("data: [DONE]\n\n");
}

function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
}

const problem = (message: string): object => ({ error: { message, type: "invalid_request_error", code: null } });
