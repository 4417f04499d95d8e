import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { chunk, done, usageChunk } from "../../app/src/testing/upstream.ts";

/**
 * The scripted runtime of the gateway benchmark, as a process of its own: prints its port, answers at once.
 * A question asks for its answer by its words: `paced:N` N events, 10 a second, `resting` one event and nothing more; else 23 events in one write.
 */
const words = Array.from({ length: 20 }, (_, index) => `word${index} `);
const whole = JSON.stringify({
  id: "chatcmpl-1",
  object: "chat.completion",
  created: 1,
  model: "test-model",
  choices: [
    { index: 0, message: { role: "assistant", content: words.join(""), refusal: null }, finish_reason: "stop", logprobs: null },
  ],
  usage: { prompt_tokens: 12, completion_tokens: 40, total_tokens: 52 },
});
const tail = chunk(null, "stop") + usageChunk + done;
const burst = words.map((word) => chunk(word)).join("") + tail;
const piece = chunk("word ");
const models = JSON.stringify({ object: "list", data: [{ id: "test-model", object: "model", created: 0, owned_by: "test" }] });

const server = createServer((req, res) => void answer(req, res)).listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (typeof address === "object" && address !== null) console.log(address.port);
});
server.keepAliveTimeout = 600_000;

interface Question {
  readonly stream?: boolean;
  readonly messages: readonly { readonly content: string }[];
}

async function answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
  if (req.method === "GET") return void res.writeHead(200, { "content-type": "application/json" }).end(models);
  const parts: Buffer[] = [];
  for await (const part of req as AsyncIterable<Buffer>) parts.push(part);
  const { stream = false, messages } = JSON.parse(Buffer.concat(parts).toString()) as Question;
  const asked = messages.at(-1)?.content ?? "";
  if (!stream) {
    const head = { "content-type": "application/json", "content-length": Buffer.byteLength(whole) };
    return void res.writeHead(200, head).end(whole);
  }
  res.writeHead(200, { "content-type": "text/event-stream" });
  if (asked === "resting") return void res.write(piece);
  if (!asked.startsWith("paced:")) return void res.end(burst);
  let left = Number(asked.split(":")[1]);
  res.write(piece);
  const timer = setInterval(() => {
    if (--left > 0) return void res.write(piece);
    clearInterval(timer);
    res.end(tail);
  }, 100);
  res.once("close", () => clearInterval(timer));
}
