import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** One request the scripted runtime got. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
  /** Resolves when the caller closed the connection before the answer was complete. */
  readonly left: Promise<void>;
}

/** How the runtime answers one request. Gets the response to do with as it likes, and the request. */
export type Script = (res: ServerResponse, request: SeenRequest) => void | Promise<void>;

/** An OpenAI-compatible runtime that does exactly what a test tells it. */
export interface ScriptedUpstream {
  /** Ends in /v1. */
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  /** Answers every POST from now on. */
  readonly answer: (script: Script) => void;
  readonly close: () => Promise<void>;
}

export async function startUpstream(models: readonly string[] = ["test-model"]): Promise<ScriptedUpstream> {
  const requests: SeenRequest[] = [];
  let script: Script = (res) => streamText(res, ["Hello"]);
  const server = createServer((req, res) => {
    if (req.url === "/v1/models") {
      const data = models.map((id) => ({ id, object: "model", created: 0, owned_by: "test" }));
      return void res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify({ object: "list", data }));
    }
    void handle(req, res);
  });
  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const left = new Promise<void>((resolve) => res.once("close", () => !res.writableFinished && resolve()));
    const parts: Buffer[] = [];
    for await (const part of req as AsyncIterable<Buffer>) parts.push(part);
    const body = Buffer.concat(parts).toString("utf8");
    const seen: SeenRequest = { method: req.method ?? "", path: req.url ?? "", headers: req.headers, body, left };
    requests.push(seen);
    await script(res, seen);
  }
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("no address");
  return {
    url: `http://127.0.0.1:${address.port}/v1`,
    requests,
    answer: (next) => (script = next),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** One `data:` line of a chat stream. */
export function chunk(content: string | null, finishReason: string | null = null): string {
  const delta = content === null ? {} : { content };
  const choices = [{ index: 0, delta, finish_reason: finishReason, logprobs: null }];
  return `data: ${JSON.stringify({ id: "chatcmpl-1", object: "chat.completion.chunk", created: 1, model: "test-model", choices })}\n\n`;
}

export const usageChunk = `data: ${JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion.chunk",
  created: 1,
  model: "test-model",
  choices: [],
  usage: { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 },
})}\n\n`;
export const done = "data: [DONE]\n\n";

/** Opens an event stream. */
export function openStream(res: ServerResponse): void {
  res.writeHead(200, { "content-type": "text/event-stream" });
  res.flushHeaders();
}

/** A whole, well-formed streamed answer. */
export function streamText(res: ServerResponse, pieces: readonly string[]): void {
  openStream(res);
  for (const piece of pieces) res.write(chunk(piece));
  res.write(chunk(null, "stop"));
  res.write(usageChunk);
  res.end(done);
}

/** A stream that goes on until the caller leaves. */
export function streamForEver(res: ServerResponse): void {
  openStream(res);
  res.write(chunk("one "));
  const timer = setInterval(() => res.write(chunk("more ")), 20);
  res.once("close", () => clearInterval(timer));
}

/** A whole answer that is not streamed. */
export function wholeAnswer(res: ServerResponse, content: string): void {
  const message = { role: "assistant", content, refusal: null };
  const choices = [{ index: 0, message, finish_reason: "stop", logprobs: null }];
  const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
  const body = {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 1,
    model: "test-model",
    choices,
    usage,
    timings: { kept: true },
  };
  res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
}
