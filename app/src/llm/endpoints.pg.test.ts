import type { ServerResponse } from "node:http";
import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collect } from "../testing/events.ts";
import { startRuntimes } from "../testing/runtimes.ts";
import { chunk, done, openStream } from "../testing/upstream.ts";

const start = () =>
  startRuntimes(["all", "chat"], (base) => ({
    runtimes: {
      all: { kind: "vllm", baseUrl: base.all },
      chat: { kind: "vllm", baseUrl: base.chat, endpoints: ["chat"] },
    },
    models: {
      all: { targets: [{ runtime: "all", model: "all-model" }] },
      chat: { targets: [{ runtime: "chat", model: "chat-model" }] },
    },
  }));
let gateway: Awaited<ReturnType<typeof start>>;
let client: OpenAI;

beforeAll(async () => {
  gateway = await start();
  client = new OpenAI({ apiKey: gateway.keys.allowing, baseURL: gateway.url, maxRetries: 0 });
}, 60_000);
afterAll(() => gateway.close());

const json = (body: object) => (res: ServerResponse) =>
  void res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
const seen = (): Record<string, unknown> =>
  JSON.parse(gateway.upstreams.all.requests.at(-1)?.body ?? "") as Record<string, unknown>;
const lastUsage = () => gateway.meter.settlements.at(-1)?.usage;

describe("/v1/completions with the official client", () => {
  test("gives a whole text and a stream", async () => {
    const choices = [{ index: 0, text: "Hello", finish_reason: "stop", logprobs: null }];
    const usage = { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 };
    gateway.upstreams.all.answer(json({ id: "c", object: "text_completion", created: 1, model: "all-model", choices, usage }));
    const whole = await client.completions.create({ model: "all", prompt: "Say" });
    expect([whole.choices[0]?.text, seen()]).toEqual(["Hello", { model: "all-model", prompt: "Say" }]);
    gateway.upstreams.all.answer((res) => {
      openStream(res);
      res.write(`data: ${JSON.stringify({ choices: [{ index: 0, text: "Hi", finish_reason: null }] })}\n\n`);
      res.end(`data: ${JSON.stringify({ choices: [{ index: 0, text: "", finish_reason: "length" }], usage })}\n\n${done}`);
    });
    const stream = await collect(await client.completions.create({ model: "all", prompt: "Say", stream: true }));
    expect(stream.map(({ choices: [choice] }) => choice?.text)).toEqual(["Hi", ""]);
    expect(lastUsage()).toEqual({ prompt: 2, completion: 1, estimated: false });
  });
});

describe("/v1/embeddings with the official client", () => {
  test("gives vectors, as base64 that the client asks for, and counts the prompt alone", async () => {
    const embedding = Buffer.from(new Float32Array([0.5, -2]).buffer).toString("base64");
    const data = [{ object: "embedding", index: 0, embedding }];
    gateway.upstreams.all.answer(
      json({ object: "list", model: "all-model", data, usage: { prompt_tokens: 4, total_tokens: 4 } }),
    );
    const answer = await client.embeddings.create({ model: "all", input: ["a", "b"] });
    expect(answer.data[0]?.embedding).toEqual([0.5, -2]);
    expect(seen()).toEqual({ model: "all-model", input: ["a", "b"], encoding_format: "base64" });
    expect(lastUsage()).toEqual({ prompt: 4, completion: 0, estimated: false });
  });
});

describe("/v1/responses with the official client", () => {
  const response = {
    id: "resp_1",
    object: "response",
    status: "completed",
    output: [],
    usage: { input_tokens: 5, output_tokens: 2 },
  };
  const event = (type: string, more: object) =>
    `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: 1, ...more })}\n\n`;

  test("gives a whole response, and tells the runtime to keep none", async () => {
    gateway.upstreams.all.answer(json(response));
    expect((await client.responses.create({ model: "all", input: "Hi" })).id).toBe("resp_1");
    expect(seen()).toEqual({ store: false, model: "all-model", input: "Hi" });
    expect(lastUsage()).toEqual({ prompt: 5, completion: 2, estimated: false });
  });

  test("streams its events as they came", async () => {
    gateway.upstreams.all.answer((res) => {
      openStream(res);
      res.end(event("response.output_text.delta", { delta: "Hi" }) + event("response.completed", { response }));
    });
    const events = await collect(await client.responses.create({ model: "all", input: "Hi", stream: true }));
    expect(events.map(({ type }) => type)).toEqual(["response.output_text.delta", "response.completed"]);
    expect(gateway.meter.settlements.at(-1)).toMatchObject({ outcome: "complete", usage: { prompt: 5, completion: 2 } });
  });

  test("raises an error when the stream ends before the response does", async () => {
    gateway.upstreams.all.answer((res) => {
      openStream(res);
      res.end(event("response.output_text.delta", { delta: "Hi" }));
    });
    const stream = await client.responses.create({ model: "all", input: "Hi", stream: true });
    await expect(collect(stream)).rejects.toThrow("stopped in the middle");
    expect(gateway.meter.settlements.at(-1)).toMatchObject({ outcome: "failed", usage: { estimated: true } });
  });

  test.each([
    ["store", true],
    ["background", true],
    ["previous_response_id", "resp_0"],
    ["conversation", "conv_0"],
  ])("refuses %s: %j, for nothing is kept here", async (field, value) => {
    const before = gateway.upstreams.all.requests.length;
    const refused = await gateway.post("/responses", { model: "all", input: "Hi", [field]: value });
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { param: field } }]);
    expect(gateway.upstreams.all.requests).toHaveLength(before);
  });
});

test.each([
  ["/completions", { prompt: "a" }],
  ["/embeddings", { input: "a" }],
  ["/responses", { input: "a" }],
])("%s of a runtime that serves only chat is refused, and it is not asked", async (path, body) => {
  const answer = await gateway.post(path, { model: "chat", ...body });
  expect([answer.status, await answer.json()]).toMatchObject([400, { error: { code: "unsupported_endpoint", param: "model" } }]);
  expect(gateway.upstreams.chat.requests).toHaveLength(0);
});

describe("tools and structured output [L-01]", () => {
  test("deltas of a tool call arrive as they were sent", async () => {
    const call = (index: number, args: string) =>
      `data: ${JSON.stringify({ choices: [{ index: 0, delta: { tool_calls: [{ index, id: "t", function: { name: "f", arguments: args } }] } }] })}\n\n`;
    const end = 'data: {"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}\n\n';
    const text = call(0, '{"a":"\\"finish_reason\\": \\"stop\\"') + call(0, '"}') + end + done;
    gateway.upstreams.all.answer((res) => {
      openStream(res);
      res.end(text);
    });
    const body = { model: "all", messages: [{ role: "user", content: "Hi" }], stream: true };
    expect(await (await gateway.post("/chat/completions", body)).text()).toBe(text);
  });
});

test("an end marker that the runtime forgot is added, to whole answers only", async () => {
  const body = { model: "all", messages: [{ role: "user", content: "Hi" }], stream: true };
  gateway.upstreams.all.answer((res) => {
    openStream(res);
    res.end(chunk("a") + chunk(null, "stop"));
  });
  expect(await (await gateway.post("/chat/completions", body)).text()).toBe(chunk("a") + chunk(null, "stop") + done);
  gateway.upstreams.all.answer((res) => {
    openStream(res);
    res.end(chunk("a") + done);
  });
  const text = await (await gateway.post("/chat/completions", body)).text();
  expect([text.includes(done), text.includes("runtime_broken")]).toEqual([false, true]);
});
