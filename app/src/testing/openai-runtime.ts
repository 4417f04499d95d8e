import type { ServerResponse } from "node:http";
import { done, openStream, type SeenRequest } from "./upstream.ts";

type Json = Readonly<Record<string, unknown>>;

/** A script for every endpoint: says back what it was asked last, in all that OpenAI's document demands of an answer. */
export function speakOpenAi(res: ServerResponse, { path, body }: SeenRequest): void {
  const asked = JSON.parse(body) as Json;
  const endpoint = path.replace(/^\/v1/, "");
  const said = textOf(asked);
  if (asked["stream"] === true && endpoint !== "/embeddings") return stream(res, endpoint, asked, said);
  const whole = wholes[endpoint]?.(asked, said);
  res.writeHead(whole === undefined ? 404 : 200, { "content-type": "application/json" }).end(JSON.stringify(whole ?? {}));
}

const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };

function textOf(asked: Json): string {
  const messages = asked["messages"] as { content?: unknown }[] | undefined;
  const said = asked["prompt"] ?? asked["input"] ?? messages?.at(-1)?.content ?? "nothing";
  return typeof said === "string" ? said : JSON.stringify(said);
}

const wholes: Readonly<Record<string, (asked: Json, said: string) => Json>> = {
  "/chat/completions": (asked, content) => ({
    ...chatHead(asked, "chat.completion"),
    choices: [{ index: 0, message: { role: "assistant", content, refusal: null }, finish_reason: "stop", logprobs: null }],
    usage,
  }),
  "/completions": (asked, text) => ({
    ...chatHead(asked, "text_completion"),
    choices: [{ index: 0, text, finish_reason: "stop", logprobs: null }],
    usage,
  }),
  "/embeddings": (asked) => ({
    object: "list",
    model: asked["model"],
    data: [{ object: "embedding", index: 0, embedding: asked["encoding_format"] === "base64" ? base64 : numbers }],
    usage: { prompt_tokens: 4, total_tokens: 4 },
  }),
  "/responses": (asked, text) => response(asked, [text], "completed"),
};

const numbers = [0.5, -2];
const base64 = Buffer.from(new Float32Array(numbers).buffer).toString("base64");

const chatHead = (asked: Json, object: string): Json => ({ id: "chatcmpl-1", object, created: 1, model: asked["model"] });

/** A response that says these texts; none: it has only begun. */
function response(asked: Json, texts: readonly string[], status: "completed" | "in_progress"): Json {
  const inputDetails = { cached_tokens: 0, cache_write_tokens: 0 };
  const tokens = { input_tokens: 7, input_tokens_details: inputDetails, output_tokens: 3, total_tokens: 10 };
  return {
    id: "resp_1",
    object: "response",
    created_at: 1,
    status,
    error: null,
    incomplete_details: null,
    instructions: null,
    metadata: {},
    model: asked["model"],
    output: texts.map((text) => message("completed", [part(text)])),
    parallel_tool_calls: true,
    temperature: 1,
    tool_choice: "auto",
    tools: [],
    top_p: 1,
    ...(status === "completed" && { usage: { ...tokens, output_tokens_details: { reasoning_tokens: 0 } } }),
  };
}

const part = (text: string): Json => ({ type: "output_text", text, annotations: [], logprobs: [] });
const message = (status: string, content: readonly Json[]): Json => ({
  type: "message",
  id: "msg_1",
  role: "assistant",
  status,
  content,
});

/** In pieces of three characters, with its usage. */
function stream(res: ServerResponse, endpoint: string, asked: Json, said: string): void {
  const pieces = said.match(/.{1,3}/gsu) ?? [];
  openStream(res);
  if (endpoint === "/responses") {
    for (const [number, event] of responseEvents(asked, said, pieces).entries()) {
      res.write(`event: ${String(event["type"])}\ndata: ${JSON.stringify({ ...event, sequence_number: number })}\n\n`);
    }
    return void res.end();
  }
  const chat = endpoint === "/chat/completions";
  const head = chatHead(asked, chat ? "chat.completion.chunk" : "text_completion");
  const send = (choices: readonly Json[], more: Json = {}): boolean =>
    res.write(`data: ${JSON.stringify({ ...head, choices, ...more })}\n\n`);
  for (const piece of pieces) {
    send([{ index: 0, ...(chat ? { delta: { content: piece } } : { text: piece }), finish_reason: null, logprobs: null }]);
  }
  send([{ index: 0, ...(chat ? { delta: {} } : { text: "" }), finish_reason: "stop", logprobs: null }]);
  send([], { usage });
  res.end(done);
}

function responseEvents(asked: Json, said: string, pieces: readonly string[]): Json[] {
  const at = { item_id: "msg_1", output_index: 0, content_index: 0 };
  return [
    { type: "response.created", response: response(asked, [], "in_progress") },
    { type: "response.output_item.added", output_index: 0, item: message("in_progress", []) },
    { type: "response.content_part.added", ...at, part: part("") },
    ...pieces.map((delta) => ({ type: "response.output_text.delta", ...at, delta, logprobs: [] })),
    { type: "response.output_text.done", ...at, text: said, logprobs: [] },
    { type: "response.content_part.done", ...at, part: part(said) },
    { type: "response.output_item.done", output_index: 0, item: message("completed", [part(said)]) },
    { type: "response.completed", response: response(asked, [said], "completed") },
  ];
}
