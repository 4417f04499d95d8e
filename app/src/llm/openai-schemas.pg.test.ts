import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openAiEvents, openAiProblems, type OpenAiAnswer } from "../testing/openai-schemas.ts";
import { speakOpenAi } from "../testing/openai-runtime.ts";
import { startRuntimes } from "../testing/runtimes.ts";
import { chunk, openStream } from "../testing/upstream.ts";

/** What leaves the gateway, held against OpenAI's published schemas: passed on, restored after redaction, and our own. */
const start = () =>
  startRuntimes(["house", "cloud"], (base) => ({
    runtimes: {
      house: { kind: "vllm", baseUrl: base.house },
      cloud: { kind: "openai", baseUrl: base.cloud, apiKey: "sk-upstream" },
    },
    models: {
      house: { targets: [{ runtime: "house", model: "m" }] },
      cloud: { targets: [{ runtime: "cloud", model: "m" }] },
    },
  }));
let gateway: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  gateway = await start();
}, 60_000);
afterAll(() => gateway?.close());
beforeEach(() => {
  for (const upstream of Object.values(gateway.upstreams)) upstream.answer(speakOpenAi);
});

const said = "Write to jo.doe@example.org today.";
const asks = {
  "/chat/completions": { messages: [{ role: "user", content: said }] },
  "/completions": { prompt: said },
  "/embeddings": { input: said },
  "/responses": { input: said },
} as const;
type Path = keyof typeof asks;

describe.each(["house", "cloud"])("an answer of the %s, redacted on its way out of the house only", (model) => {
  test.each([
    ["/chat/completions", "CreateChatCompletionResponse"],
    ["/completions", "CreateCompletionResponse"],
    ["/embeddings", "CreateEmbeddingResponse"],
    ["/responses", "Response"],
  ] as const satisfies readonly (readonly [Path, OpenAiAnswer])[])("to %s is whole a %s [L-01]", async (path, schema) => {
    const response = await gateway.post(path, { model, ...asks[path] });
    const answer: unknown = await response.json();
    expect([response.status, openAiProblems(schema, answer)]).toEqual([200, []]);
    if (path !== "/embeddings") expect(JSON.stringify(answer)).toContain("jo.doe@example.org");
  });

  test.each([
    ["/chat/completions", "CreateChatCompletionStreamResponse", {}],
    ["/chat/completions", "CreateChatCompletionStreamResponse", { stream_options: { include_usage: true } }],
    // Of streamed completions OpenAI's document says nothing.
    ["/responses", "ResponseStreamEvent", {}],
  ] as const)("to %s streams nothing but %s [L-01]", async (path, schema, more) => {
    const response = await gateway.post(path, { model, ...asks[path], ...more, stream: true });
    const events = await openAiEvents(response);
    expect(events.length).toBeGreaterThan(3);
    for (const event of events) expect([event, openAiProblems(schema, event)]).toEqual([event, []]);
  });
});

test("the list of models and one model are OpenAI's [L-01]", async () => {
  const headers = { authorization: `Bearer ${gateway.keys.allowing}` };
  const list = (await (await fetch(`${gateway.url}/models`, { headers })).json()) as { data: { id: string }[] };
  expect([list.data.length, openAiProblems("ListModelsResponse", list)]).toEqual([2, []]);
  const one: unknown = await (await fetch(`${gateway.url}/models/house`, { headers })).json();
  expect([one, openAiProblems("Model", one)]).toEqual([{ ...list.data[1], id: "house" }, []]);
});

const chat = { model: "house", ...asks["/chat/completions"] };

test.each([
  ["a wrong key", 401, () => gateway.post("/chat/completions", chat, { key: "fidus_no" })],
  ["no JSON", 400, () => gateway.post("/chat/completions", "{")],
  ["a wrong member", 400, () => gateway.post("/chat/completions", { ...chat, messages: "Hi" })],
  ["an unknown model", 404, () => gateway.post("/chat/completions", { ...chat, model: "gpt-9" })],
  ["an unknown path", 404, () => gateway.post("/nothing", {})],
  [
    "cloud without consent",
    403,
    () => gateway.post("/chat/completions", { ...chat, model: "cloud" }, { key: gateway.keys.other }),
  ],
  ["a runtime's own words", 418, () => refusedBy(418, "short and stout")],
  ["a runtime's house style", 422, () => refusedBy(422, JSON.stringify({ detail: [{ msg: "no" }] }))],
  ["a runtime's flat error", 500, () => refusedBy(500, JSON.stringify({ error: "out of memory" }))],
  ["our key refused", 502, () => refusedBy(401, "{}")],
] as const)("after %s the answer is OpenAI's error with status %i", async (_name, status, ask) => {
  const response = await ask();
  expect([response.status, openAiProblems("ErrorResponse", await response.json())]).toEqual([status, []]);
});

test("a stream that breaks off ends in OpenAI's error", async () => {
  gateway.upstreams.house.answer((res) => {
    openStream(res);
    res.write(chunk("half"), () => res.destroy());
  });
  const [first, last] = await openAiEvents(await gateway.post("/chat/completions", { ...chat, stream: true }));
  expect(openAiProblems("CreateChatCompletionStreamResponse", first)).toEqual([]);
  expect(openAiProblems("ErrorResponse", last)).toEqual([]);
});

test("what breaks a schema is named", () => {
  expect(openAiProblems("Model", { id: "m", object: "model", owned_by: "x" })).toEqual([
    " must have required property 'created'",
  ]);
  expect(openAiProblems("ErrorResponse", { error: "no" })).toEqual(["/error must be object"]);
});

function refusedBy(status: number, body: string): Promise<Response> {
  gateway.upstreams.house.answer((res) => void res.writeHead(status).end(body));
  return gateway.post("/chat/completions", chat);
}
