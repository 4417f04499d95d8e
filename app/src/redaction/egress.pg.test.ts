import type { ServerResponse } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { embed } from "../knowledge/embed.ts";
import { signIn } from "../testing/api.ts";
import { allEvents, textOf } from "../testing/events.ts";
import { startRuntimes } from "../testing/runtimes.ts";
import { done, openStream, type SeenRequest } from "../testing/upstream.ts";

const table = (base: Readonly<Record<"cloud" | "house", string>>) => ({
  runtimes: {
    cloud: { kind: "openai", baseUrl: base.cloud, apiKey: "sk-upstream" },
    house: { kind: "vllm", baseUrl: base.house },
  },
  models: {
    cloud: { targets: [{ runtime: "cloud", model: "m" }] },
    house: { targets: [{ runtime: "house", model: "m" }], fallbacks: ["cloud"] },
  },
});
const start = (mode = "on") => startRuntimes(["cloud", "house"], table, { CLOUD_REDACTION: mode });
let gateway: Awaited<ReturnType<typeof start>>;
let open: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  [gateway, open] = await Promise.all([start(), start("off")]);
}, 60_000);
afterAll(() => Promise.all([gateway?.close(), open?.close()]));
beforeEach(() => {
  for (const { upstreams } of [gateway, open]) for (const upstream of [upstreams.cloud, upstreams.house]) upstream.answer(echo);
});

const values = [
  "jo.doe@example.org",
  "DE89 3704 0044 0532 0130 00",
  "4111 1111 1111 1111",
  "sk-proj-abcdefghijklmnopqrst0123456789",
];
const text = `Write to ${values.join(" or ")}, then to ${values[0]}.`;
const words = "Write to [EMAIL-1] or [IBAN-1] or [CARD-1] or [SECRET-1], then to [EMAIL-1].";

/** Answers with what it was asked, in pieces of three characters where it streams. */
function echo(res: ServerResponse, { path, body }: SeenRequest): void {
  const asked = JSON.parse(body) as Record<string, unknown>;
  const said = String(asked["prompt"] ?? asked["input"] ?? (asked["messages"] as { content: string }[]).at(-1)?.content);
  const pieces = said.match(/.{1,3}/gs) ?? [];
  const responses = path.endsWith("/responses");
  const chat = path.endsWith("/chat/completions");
  const usage = { prompt_tokens: 9, completion_tokens: 9, total_tokens: 18 };
  const output = [{ type: "message", content: [{ type: "output_text", text: said }] }];
  const response = { id: "r", output, usage: { input_tokens: 9, output_tokens: 9 } };
  if (asked["stream"] !== true) {
    const choice = chat ? { message: { role: "assistant", content: said } } : { text: said };
    const data = [{ object: "embedding", index: 0, embedding: [0.25, 1e-9] }];
    const whole = path.endsWith("/embeddings")
      ? { data }
      : responses
        ? response
        : { choices: [{ index: 0, ...choice, finish_reason: "stop" }] };
    return void res
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ ...whole, ...(!responses && { usage }) }));
  }
  openStream(res);
  const event = (json: object, name?: string) => res.write(`${name ? `event: ${name}\n` : ""}data: ${JSON.stringify(json)}\n\n`);
  for (const [number, delta] of pieces.entries()) {
    if (responses)
      event({ type: "response.output_text.delta", item_id: "i", sequence_number: number, delta }, "response.output_text.delta");
    else event({ choices: [{ index: 0, ...(chat ? { delta: { content: delta } } : { text: delta }), finish_reason: null }] });
  }
  if (responses)
    return void res.end(`event: response.completed\ndata: ${JSON.stringify({ type: "response.completed", response })}\n\n`);
  event({ choices: [{ index: 0, ...(chat ? { delta: {} } : { text: "" }), finish_reason: "stop" }], usage });
  res.end(done);
}

const questions = {
  "/chat/completions": { messages: [{ role: "user", content: text }] },
  "/completions": { prompt: text },
  "/responses": { input: text },
  "/embeddings": { input: text },
};
const cases = Object.entries(questions).flatMap(([path, body]) =>
  (path === "/embeddings" ? [false] : [false, true]).map((stream) => ({ path, stream, body: { ...body, stream } })),
);

/** All texts of an answer, whole or streamed, joined. */
async function said(answer: Response): Promise<string> {
  const raw = await answer.text();
  const whole = /^\s*\{/.test(raw);
  const parts = whole
    ? [raw]
    : raw
        .split("\n")
        .filter((line) => line.startsWith("data: {"))
        .map((line) => line.slice(6));
  return parts
    .map((part) => JSON.parse(part) as Record<string, never>)
    .map(
      (json: {
        choices?: { message?: { content: string }; delta?: { content?: string }; text?: string }[];
        output?: { content: { text: string }[] }[];
        delta?: string;
      }) => {
        const choice = json.choices?.[0];
        return (
          choice?.message?.content ??
          choice?.delta?.content ??
          choice?.text ??
          json.output?.[0]?.content[0]?.text ??
          json.delta ??
          ""
        );
      },
    )
    .join("");
}

const leaked = (body = ""): string[] => values.filter((value) => body.includes(value));

describe("a request to a cloud runtime", () => {
  test.each(cases)(
    "at $path (stream: $stream) holds placeholders, and its answer the values [L-16] [X-17] [X-21]",
    async ({ path, body }) => {
      const answer = await gateway.post(path, { model: "cloud", ...body });
      expect(answer.status).toBe(200);
      expect(await said(answer)).toBe(path === "/embeddings" ? "" : text);
      const seen = gateway.upstreams.cloud.requests.at(-1)?.body ?? "";
      expect([leaked(seen), seen.includes(JSON.stringify(words))]).toEqual([[], true]);
    },
  );

  test.each(cases)("at $path (stream: $stream) is as it was where the operator turned redaction off", async ({ path, body }) => {
    expect((await open.post(path, { model: "cloud", ...body })).status).toBe(200);
    expect(leaked(open.upstreams.cloud.requests.at(-1)?.body)).toEqual(values);
  });

  test("holds none in system and tool messages, parts, definitions and arguments of tools either", async () => {
    const call = {
      id: "c",
      type: "function",
      function: { name: "f", arguments: JSON.stringify({ to: values[0], note: `x\n${values[0]}`, card: 4111111111111111 }) },
    };
    const body = {
      model: "cloud",
      user: values[0],
      tools: [{ type: "function", function: { name: "f", description: `asks ${values[1]}`, parameters: { enum: [values[2]] } } }],
      messages: [
        { role: "system", content: `You work for ${values[0]}` },
        { role: "user", content: [{ type: "text", text: `My card: ${values[2]}` }] },
        { role: "assistant", content: null, tool_calls: [call] },
        { role: "tool", tool_call_id: "c", content: JSON.stringify({ [values[0]!]: values[3] }) },
        { role: "user", content: "ok" },
      ],
    };
    expect((await gateway.post("/chat/completions", body)).status).toBe(200);
    const seen = gateway.upstreams.cloud.requests.at(-1)?.body ?? "";
    expect([...leaked(seen), ...["4111111111111111"].filter((one) => seen.includes(one))]).toEqual([]);
    const sent = JSON.parse(seen) as { messages: { tool_calls?: (typeof call)[] }[] };
    expect(JSON.parse(sent.messages[2]?.tool_calls?.[0]?.function.arguments ?? "")).toMatchObject({
      to: "[EMAIL-1]",
      note: "x\n[EMAIL-1]",
    });
  });

  test("is paid for as it was sent: the reservation covers placeholders that are longer than the values", async () => {
    const input = Array.from({ length: 50 }, (_, at) => `10.9.8.${at + 1}`).join(" ");
    const settled = gateway.meter.settlements.length;
    await (await gateway.post("/responses", { model: "cloud", input })).text();
    const sent = gateway.upstreams.cloud.requests.at(-1)?.body ?? "";
    expect(gateway.meter.demands.at(-1)?.promptBytes).toBeGreaterThanOrEqual(sent.length - '"store":false,'.length);
    expect(gateway.meter.settlements.slice(settled)).toMatchObject([
      { outcome: "complete", usage: { prompt: 9, completion: 9, estimated: false } },
    ]);
  });

  test("that is refused tells why in the caller's own words", async () => {
    const refusal = (res: ServerResponse, { body }: SeenRequest) =>
      void res.writeHead(400, { "content-type": "application/json" }).end(
        JSON.stringify({
          error: { message: `bad: ${(JSON.parse(body) as { input: string }).input}`, type: "invalid_request_error" },
        }),
      );
    gateway.upstreams.cloud.answer(refusal);
    const refused = await gateway.post("/responses", { model: "cloud", input: text });
    expect([refused.status, await refused.json()]).toMatchObject([400, { error: { message: `bad: ${text}` } }]);
  });

  test("with a picture, a file or tokens is refused and not sent; with the setting `text` it is sent", async () => {
    const texting = await start("text");
    try {
      texting.upstreams.cloud.answer(echo);
      const picture = { role: "user", content: [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }] };
      for (const [path, body] of [
        ["/chat/completions", { messages: [picture] }],
        ["/embeddings", { input: [1, 2, 3] }],
      ] as const) {
        const before = gateway.upstreams.cloud.requests.length;
        const refused = await gateway.post(path, { model: "cloud", ...body });
        expect([refused.status, await refused.json()]).toMatchObject([400, { error: { code: "not_redactable" } }]);
        expect(gateway.upstreams.cloud.requests).toHaveLength(before);
        expect((await texting.post(path, { model: "cloud", ...body })).status).toBe(200);
      }
    } finally {
      await texting.close();
    }
  }, 60_000);
});

describe("a request to a runtime in the house", () => {
  test.each(cases)("at $path (stream: $stream) holds the text as it is", async ({ path, body }) => {
    const answer = await gateway.post(path, { model: "house", ...body });
    expect(await said(answer)).toBe(path === "/embeddings" ? "" : text);
    expect(leaked(gateway.upstreams.house.requests.at(-1)?.body)).toEqual(values);
  });

  test("that fails goes on to the cloud without the values, and comes back with them", async () => {
    gateway.upstreams.house.answer((res) => void res.writeHead(500).end());
    const answer = await gateway.post("/chat/completions", { model: "house", ...questions["/chat/completions"] });
    expect([answer.headers.get("x-fidus-runtime"), await said(answer)]).toEqual(["cloud", text]);
    expect(leaked(gateway.upstreams.cloud.requests.at(-1)?.body)).toEqual([]);
  });

  test("may hold pictures", async () => {
    const picture = { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } };
    const body = { model: "house", messages: [{ role: "user", content: [picture] }] };
    expect((await gateway.post("/chat/completions", body)).status).toBe(200);
  });
});

test("the page's chat shows and stores the values, and the cloud sees placeholders, in the history too [L-16]", async () => {
  const headers = await signIn(gateway.api, "allowing@test");
  const ask = (body: object) =>
    fetch(`${gateway.api.url}/api/v1/chat`, { method: "POST", headers, body: JSON.stringify({ model: "cloud", ...body }) }).then(
      allEvents,
    );
  const events = await ask({ content: text });
  expect(textOf(events)).toBe(text);
  const conversationId = events[0]?.data["conversationId"];
  expect(textOf(await ask({ content: `again ${values[1]}`, conversationId }))).toBe(`again ${values[1]}`);
  const seen = gateway.upstreams.cloud.requests.at(-1)?.body ?? "";
  expect([leaked(seen), seen.includes(words)]).toEqual([[], true]);
  const stored = await fetch(`${gateway.api.url}/api/v1/conversations/${String(conversationId)}`, { headers });
  const { messages } = (await stored.json()) as { messages: { content: string }[] };
  expect(messages.map(({ content }) => content)).toEqual([text, text, `again ${values[1]}`, `again ${values[1]}`]);
});

test("documents and what is looked for in them leave for an embedding model in the cloud without the values", async () => {
  const { rows } = await gateway.api.ctx.db.query<{ id: string; tenant: string }>(
    "SELECT id, tenant FROM users WHERE email = 'allowing@test'",
  );
  const { id: userId = "", tenant = "" } = rows[0] ?? {};
  const wanted = { model: "cloud", texts: [text], requestId: "r" };
  expect(await embed(gateway.api.ctx, { userId, tenant }, wanted, AbortSignal.timeout(10_000))).toHaveLength(1);
  const seen = gateway.upstreams.cloud.requests.at(-1);
  expect([seen?.path, leaked(seen?.body), seen?.body.includes(words)]).toEqual(["/v1/embeddings", [], true]);
});
