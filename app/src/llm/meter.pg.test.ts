import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { until } from "../testing/api.ts";
import { startRuntimes } from "../testing/runtimes.ts";
import { chunk, done, openStream, streamText, wholeAnswer } from "../testing/upstream.ts";

/** What the meter is told: an alias, its fall-back, and the cloud behind both. */
const start = () =>
  startRuntimes(["first", "reserve", "cloud"], (base) => ({
    runtimes: {
      first: { kind: "vllm", baseUrl: base.first },
      reserve: { kind: "lmstudio", baseUrl: base.reserve, usageInStream: false },
      cloud: { kind: "compatible", baseUrl: base.cloud, apiKey: "sk-cloud" },
    },
    models: {
      small: { targets: [{ runtime: "first", model: "first-model" }], fallbacks: ["big", "paid"] },
      big: { targets: [{ runtime: "reserve", model: "reserve-model" }] },
      paid: { targets: [{ runtime: "cloud", model: "cloud-model" }] },
    },
  }));
let gateway: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  gateway = await start();
}, 60_000);
afterAll(() => gateway.close());
beforeEach(() => {
  for (const [name, upstream] of Object.entries(gateway.upstreams)) upstream.answer((res) => wholeAnswer(res, name));
});

const question = (model: string) => ({ model, messages: [{ role: "user", content: "Hi" }] });

test("who asks, who may answer, what it may cost; and afterwards who did and what it cost", async () => {
  await (await gateway.post("/chat/completions", question("small"))).text();
  expect(gateway.meter.demands.at(-1)).toMatchObject({
    endpoint: "chat",
    model: "small",
    candidates: [
      { runtime: "first", model: "first-model", cloud: false },
      { runtime: "reserve", model: "reserve-model", cloud: false },
      { runtime: "cloud", model: "cloud-model", cloud: true },
    ],
    maxTokens: null,
  });
  await until(() => gateway.meter.settlements.length === gateway.meter.demands.length);
  expect(gateway.meter.settlements.at(-1)).toEqual({
    candidate: { runtime: "first", model: "first-model", cloud: false },
    outcome: "complete",
    usage: { prompt: 7, completion: 3, estimated: false },
  });
});

test.each([
  [{}, { max_tokens: 50 }],
  [{ max_tokens: 80 }, { max_tokens: 50 }],
  [{ max_completion_tokens: 80 }, { max_completion_tokens: 50 }],
  [{ max_tokens: 20 }, { max_tokens: 20 }],
])("%j with 50 tokens paid for becomes %j", async (given, expected) => {
  gateway.meter.maxTokens = 50;
  await gateway.post("/chat/completions", { ...question("small"), ...given });
  gateway.meter.maxTokens = null;
  const { max_tokens, max_completion_tokens } = JSON.parse(gateway.upstreams.first.requests.at(-1)?.body ?? "") as Record<
    string,
    number
  >;
  expect({ ...(max_tokens && { max_tokens }), ...(max_completion_tokens && { max_completion_tokens }) }).toEqual(expected);
});

test("a stream's usage is asked for and kept from who did not ask; without it the answer is estimated [L-21]", async () => {
  for (const upstream of Object.values(gateway.upstreams)) upstream.answer((res) => streamText(res, ["a", "b"]));
  const stream = { ...question("small"), stream: true };
  expect(await (await gateway.post("/chat/completions", stream)).text()).not.toContain('"usage"');
  expect(gateway.upstreams.first.requests.at(-1)?.body).toContain('"stream_options":{"include_usage":true}');
  expect(gateway.meter.settlements.at(-1)?.usage).toEqual({ prompt: 7, completion: 3, estimated: false });
  await gateway.post("/chat/completions", { ...stream, model: "big" }).then((response) => response.text());
  expect(gateway.upstreams.reserve.requests.at(-1)?.body).not.toContain("stream_options");
  gateway.upstreams.first.answer((res) => {
    openStream(res);
    res.end(chunk("a") + chunk("b") + chunk(null, "stop") + done);
  });
  await gateway.post("/chat/completions", stream).then((response) => response.text());
  expect(gateway.meter.settlements.at(-1)).toMatchObject({ outcome: "complete", usage: { completion: 2, estimated: true } });
});

test("an answer whose caller left is settled at an estimate", async () => {
  gateway.upstreams.first.answer((res) => {
    openStream(res);
    res.write(chunk("a"));
  });
  const controller = new AbortController();
  const before = gateway.meter.settlements.length;
  const response = await gateway.post("/chat/completions", { ...question("small"), stream: true }, controller);
  await response.body?.getReader().read();
  controller.abort();
  const settled = await until(() => gateway.meter.settlements[before]);
  expect(settled).toMatchObject({
    candidate: { runtime: "first" },
    outcome: "client_gone",
    usage: { completion: 1, estimated: true },
  });
});

test("a runtime that refuses costs nothing", async () => {
  gateway.upstreams.first.answer((res) => void res.writeHead(400).end('{"error":{"message":"no","type":"t"}}'));
  await (await gateway.post("/chat/completions", question("small"))).text();
  expect(gateway.meter.settlements.at(-1)).toEqual({
    candidate: null,
    outcome: "refused",
    usage: { prompt: 0, completion: 0, estimated: false },
  });
});
