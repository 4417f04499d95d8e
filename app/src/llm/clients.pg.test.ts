import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { dynamicTool, embed, generateObject, generateText, jsonSchema, streamText } from "ai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startRuntimes } from "../testing/runtimes.ts";
import { chunk, done, openStream, streamText as answerInPieces, wholeAnswer } from "../testing/upstream.ts";

/** Clients of others, as their users write them, against the gateway before a scripted runtime. */
const start = () =>
  startRuntimes(["all"], (base) => ({
    runtimes: { all: { kind: "vllm", baseUrl: base.all } },
    models: { all: { targets: [{ runtime: "all", model: "all-model" }] } },
  }));
let gateway: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  gateway = await start();
}, 60_000);
afterAll(() => gateway.close());

const parameters = { type: "object" as const, properties: { city: { type: "string" as const } }, required: ["city"] };
const answer = (script: Parameters<(typeof gateway.upstreams.all)["answer"]>[0]): void => gateway.upstreams.all.answer(script);
const sentBody = (): Record<string, unknown> =>
  JSON.parse(gateway.upstreams.all.requests.at(-1)?.body ?? "") as Record<string, unknown>;

function toolCall(): void {
  answer((res) => {
    const call = { id: "call_1", type: "function", function: { name: "weather", arguments: '{"city":"Bern"}' } };
    const message = { role: "assistant", content: null, refusal: null, tool_calls: [call] };
    const choices = [{ index: 0, message, finish_reason: "tool_calls", logprobs: null }];
    const usage = { prompt_tokens: 7, completion_tokens: 3, total_tokens: 10 };
    const body = { id: "c", object: "chat.completion", created: 1, model: "all-model", choices, usage };
    res.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
}

function vectors(): void {
  answer((res, { body }) => {
    const base64 = (JSON.parse(body) as { encoding_format?: string }).encoding_format === "base64";
    const numbers = [0.5, -2];
    const embedding = base64 ? Buffer.from(new Float32Array(numbers).buffer).toString("base64") : numbers;
    const data = [{ object: "embedding", index: 0, embedding }];
    const usage = { prompt_tokens: 4, total_tokens: 4 };
    res
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ object: "list", model: "all-model", data, usage }));
  });
}

describe("the Vercel AI SDK", () => {
  const provider = () =>
    createOpenAICompatible({
      name: "fidus",
      baseURL: gateway.url,
      apiKey: gateway.keys.allowing,
      supportsStructuredOutputs: true,
    });

  test("chats whole and in pieces, with usage", async () => {
    answer((res) => wholeAnswer(res, "Hello"));
    const whole = await generateText({ model: provider()("all"), prompt: "Hi", maxRetries: 0 });
    expect([whole.text, whole.finishReason, whole.usage.inputTokens]).toEqual(["Hello", "stop", 7]);
    answer((res) => answerInPieces(res, ["Hel", "lo"]));
    const stream = streamText({ model: provider()("all"), prompt: "Hi", maxRetries: 0 });
    const pieces: string[] = [];
    for await (const piece of stream.textStream) pieces.push(piece);
    expect([pieces, await stream.finishReason]).toEqual([["Hel", "lo"], "stop"]);
  });

  test("does not take a stream that broke off for a whole one", async () => {
    answer((res) => {
      openStream(res);
      res.end(chunk("half") + done);
    });
    const seen: unknown[] = [];
    const stream = streamText({
      model: provider()("all"),
      prompt: "Hi",
      maxRetries: 0,
      onError: ({ error }) => void seen.push(error),
    });
    for await (const piece of stream.textStream) expect(piece).toBe("half");
    expect(seen).toHaveLength(1);
  });

  test("calls tools, gets objects and embeds", async () => {
    toolCall();
    const weather = dynamicTool({ inputSchema: jsonSchema(parameters), execute: () => Promise.resolve("sunny") });
    const called = await generateText({ model: provider()("all"), prompt: "Weather?", tools: { weather }, maxRetries: 0 });
    expect(called.toolCalls.map(({ toolName, input }) => [toolName, input])).toEqual([["weather", { city: "Bern" }]]);
    answer((res) => wholeAnswer(res, '{"city":"Bern"}'));
    const schema = jsonSchema<{ city: string }>(parameters);
    const made = await generateObject({ model: provider()("all"), prompt: "A city", schema, maxRetries: 0 });
    expect(made.object).toEqual({ city: "Bern" });
    expect(sentBody()["response_format"]).toMatchObject({ type: "json_schema" });
    vectors();
    const { embedding } = await embed({ model: provider().embeddingModel("all"), value: "x", maxRetries: 0 });
    expect(embedding).toEqual([0.5, -2]);
  });
});

describe("LangChain", () => {
  const chat = (): ChatOpenAI =>
    new ChatOpenAI({ model: "all", apiKey: gateway.keys.allowing, configuration: { baseURL: gateway.url }, maxRetries: 0 });

  test("chats whole and in pieces", async () => {
    answer((res) => wholeAnswer(res, "Hello"));
    expect((await chat().invoke("Hi")).content).toBe("Hello");
    answer((res) => answerInPieces(res, ["Hel", "lo"]));
    const pieces: string[] = [];
    for await (const { content } of await chat().stream("Hi"))
      if (typeof content === "string" && content !== "") pieces.push(content);
    expect(pieces).toEqual(["Hel", "lo"]);
  });

  test("calls tools, gets objects and embeds", async () => {
    toolCall();
    const weather = { type: "function" as const, function: { name: "weather", parameters } };
    const called = await chat().bindTools([weather]).invoke("Weather?");
    expect(called.tool_calls).toMatchObject([{ name: "weather", args: { city: "Bern" } }]);
    answer((res) => wholeAnswer(res, '{"city":"Bern"}'));
    const structured = chat().withStructuredOutput({ title: "City", ...parameters }, { method: "jsonSchema" });
    expect(await structured.invoke("A city")).toEqual({ city: "Bern" });
    vectors();
    const { allowing: apiKey } = gateway.keys;
    const embeddings = new OpenAIEmbeddings({ model: "all", apiKey, configuration: { baseURL: gateway.url }, maxRetries: 0 });
    expect(await embeddings.embedQuery("x")).toEqual([0.5, -2]);
  });
});
