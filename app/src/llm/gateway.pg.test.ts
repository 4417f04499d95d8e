import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { until } from "../testing/api.ts";
import { startRuntimes } from "../testing/runtimes.ts";
import { chunk, done, openStream, streamText, wholeAnswer } from "../testing/upstream.ts";

const start = () =>
  startRuntimes(["first", "second", "reserve", "cloud", "narrow"], (base) => ({
    runtimes: {
      first: { kind: "vllm", baseUrl: base.first },
      second: { kind: "vllm", baseUrl: base.second },
      reserve: { kind: "lmstudio", baseUrl: base.reserve, usageInStream: false },
      cloud: { kind: "compatible", baseUrl: base.cloud, apiKey: "sk-cloud" },
      narrow: { kind: "vllm", baseUrl: base.narrow, concurrency: 1, queue: 1, queueSeconds: 0.3, endpoints: ["chat"] },
    },
    models: {
      small: { targets: [{ runtime: "first", model: "first-model" }], fallbacks: ["big", "paid"] },
      big: { targets: [{ runtime: "reserve", model: "reserve-model" }] },
      paid: { targets: [{ runtime: "cloud", model: "cloud-model" }] },
      pair: {
        targets: [
          { runtime: "first", model: "first-model" },
          { runtime: "second", model: "second-model" },
        ],
      },
      narrow: { targets: [{ runtime: "narrow", model: "narrow-model" }] },
    },
    defaultModel: "small",
  }));
let gateway: Awaited<ReturnType<typeof start>>;

beforeAll(async () => {
  gateway = await start();
}, 60_000);
afterAll(() => gateway.close());

const answering = (text: string) => (res: ServerResponse) => wholeAnswer(res, text);
const failing =
  (status: number, headers = {}) =>
  (res: ServerResponse) =>
    void res.writeHead(status, headers).end('{"error":{"message":"no","type":"t"}}');
const question = (model?: string) => ({ ...(model && { model }), messages: [{ role: "user", content: "Hi" }] });

/** Asks and tells who answered what. */
async function ask(model?: string, key?: string): Promise<[number, string | null, string]> {
  const response = await gateway.post("/chat/completions", question(model), key === undefined ? {} : { key });
  const body = (await response.json()) as { choices?: { message: { content: string } }[]; error?: { code: string } };
  return [response.status, response.headers.get("x-fidus-runtime"), body.choices?.[0]?.message.content ?? body.error?.code ?? ""];
}

/** Requests each runtime has got since. */
function counts(): Record<string, number> {
  return Object.fromEntries(Object.entries(gateway.upstreams).map(([name, { requests }]) => [name, requests.length]));
}

beforeAll(() => reset());
afterEach(() => reset());
/** Every runtime answers with its name, and its breaker forgets. */
async function reset(): Promise<void> {
  for (const [name, upstream] of Object.entries(gateway.upstreams)) upstream.answer(answering(name));
  for (const { breaker } of gateway.api.ctx.gateway.runtimes) {
    await until(() => breaker.retryAfter === 0, 10_000);
    breaker.begin()?.completed();
  }
}

describe("names", () => {
  test("the list shows the aliases, without the cloud's to who did not allow it, each by its name too", async () => {
    const list = async (key: string, path = "") =>
      (await (await fetch(`${gateway.url}/models${path}`, { headers: { authorization: `Bearer ${key}` } })).json()) as {
        data?: { id: string }[];
        id?: string;
      };
    const { allowing, other } = gateway.keys;
    expect((await list(allowing)).data?.map(({ id }) => id)).toEqual(["small", "big", "paid", "pair", "narrow"]);
    expect((await list(other)).data?.map(({ id }) => id)).toEqual(["small", "big", "pair", "narrow"]);
    expect([(await list(allowing, "/paid")).id, (await list(other, "/paid")).id]).toEqual(["paid", undefined]);
  });

  test("an alias becomes the runtime's own name, and every other byte stays [L-01]", async () => {
    const rest =
      '"tools":[{"type":"function","function":{"name":"f","parameters":{"x":12345678901234567890}}}], "tool_choice" :"auto"';
    const format = '"response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"type":"object"}}}';
    const body = (model: string) => `{ "messages":[{"role":"user","content":"é"}],"model": "${model}",${rest}, ${format} }`;
    await gateway.post("/chat/completions", body("small"));
    expect(gateway.upstreams.first.requests.at(-1)?.body).toBe(body("first-model"));
  });

  test("the default answers who names none, and a name of nobody is 404", async () => {
    expect(await ask()).toEqual([200, "first", "first"]);
    expect(await ask("first-model")).toEqual([404, null, "model_not_found"]);
    expect(await ask("constructor")).toEqual([404, null, "model_not_found"]);
  });
});

describe("fall-backs [L-08] [L-18]", () => {
  test("a runtime that fails is followed by the next, in order, before the first byte", async () => {
    gateway.upstreams.first.answer(failing(500));
    expect(await ask("small")).toEqual([200, "reserve", "reserve"]);
    gateway.upstreams.reserve.answer(failing(500));
    expect(await ask("small")).toEqual([200, "cloud", "cloud"]);
    expect(gateway.upstreams.cloud.requests.at(-1)?.headers.authorization).toBe("Bearer sk-cloud");
  });

  test("the cloud does not stand in for who did not allow it, and is refused by name [X-21]", async () => {
    gateway.upstreams.first.answer(failing(500));
    gateway.upstreams.reserve.answer(failing(500));
    const before = counts();
    expect(await ask("small", gateway.keys.other)).toEqual([500, null, ""]);
    expect(await ask("paid", gateway.keys.other)).toEqual([403, null, "cloud_not_allowed"]);
    expect(counts()["cloud"]).toBe(before["cloud"]);
  });

  test("everybody sees which models they may choose, and which of them are in the cloud", async () => {
    const headers = { authorization: `Bearer ${gateway.keys.other}` };
    const listed = await (await fetch(`${gateway.api.url}/api/v1/llm/models`, { headers })).json();
    const { models } = listed as { models: { id: string; cloud: boolean }[] };
    expect(models).toContainEqual({ id: "small", cloud: false });
    expect(models).toContainEqual({ id: "paid", cloud: true });
    expect((await fetch(`${gateway.api.url}/api/v1/llm/models`)).status).toBe(401);
  });

  test("each person allows the cloud for themselves, and takes it back", async () => {
    const cloud = async (method: string, body?: object): Promise<unknown> => {
      const headers = { authorization: `Bearer ${gateway.keys.other}`, "content-type": "application/json" };
      const init = { method, headers, ...(body && { body: JSON.stringify(body) }) };
      return (await fetch(`${gateway.api.url}/api/v1/llm/cloud`, init)).json();
    };
    expect(await cloud("GET")).toEqual({ available: true, allowed: false });
    expect(await cloud("PUT", { allowed: true })).toEqual({ available: true, allowed: true });
    expect(await ask("paid", gateway.keys.other)).toEqual([200, "cloud", "cloud"]);
    await cloud("PUT", { allowed: false });
    expect((await ask("paid", gateway.keys.other))[0]).toBe(403);
    expect(await cloud("PUT", { allowed: "yes" })).toMatchObject({ error: { code: "invalid_request" } });
  });

  test("a fault of the caller is not tried elsewhere", async () => {
    gateway.upstreams.first.answer(failing(400));
    const before = counts();
    expect((await ask("small"))[0]).toBe(400);
    expect(counts()["reserve"]).toBe(before["reserve"]);
  });

  test("an error as the first event of a 200 stream is one before the first byte, a later one is passed on as one", async () => {
    const error = 'data: {"error":{"message":"out of memory"}}\n\n';
    gateway.upstreams.first.answer((res) => {
      openStream(res);
      res.end(error);
    });
    gateway.upstreams.reserve.answer((res) => streamText(res, ["from the reserve"]));
    const stream = { ...question("small"), stream: true };
    expect(await (await gateway.post("/chat/completions", stream)).text()).toContain("from the reserve");
    gateway.upstreams.first.answer((res) => {
      openStream(res);
      res.end(chunk("a") + error + done);
    });
    const before = counts();
    expect(await (await gateway.post("/chat/completions", stream)).text()).toBe(chunk("a") + error);
    expect(counts()["reserve"]).toBe(before["reserve"]);
    expect(gateway.meter.settlements.at(-1)).toMatchObject({ outcome: "failed", usage: { completion: 1, estimated: true } });
  });

  test("an error that calls itself 200 is one", async () => {
    gateway.upstreams.narrow.answer((res) => void res.writeHead(200).end('{"error":{"message":"no","code":"x"}}'));
    expect(await ask("narrow")).toEqual([502, null, "x"]);
  });
});

describe("retries", () => {
  test("a runtime that is away for a moment is asked again", async () => {
    let calls = 0;
    gateway.upstreams.narrow.answer((res) => (++calls < 3 ? void res.destroy() : wholeAnswer(res, "third")));
    expect(await ask("narrow")).toEqual([200, "narrow", "third"]);
  });

  test("a short Retry-After is waited for, a long one is passed on at once", async () => {
    let calls = 0;
    gateway.upstreams.narrow.answer((res) => (++calls < 2 ? failing(429, { "retry-after": "1" })(res) : wholeAnswer(res, "ok")));
    const started = performance.now();
    expect(await ask("narrow")).toEqual([200, "narrow", "ok"]);
    expect(performance.now() - started).toBeGreaterThan(1_000);
    gateway.upstreams.narrow.answer(failing(429, { "retry-after": "30" }));
    const before = counts();
    const response = await gateway.post("/chat/completions", question("narrow"));
    expect([response.status, response.headers.get("retry-after")]).toEqual([429, "30"]);
    expect(counts()["narrow"]).toBe((before["narrow"] ?? 0) + 1);
  });
});

describe("routing [L-07]", () => {
  test("the less busy of two equals is asked", async () => {
    const held: ServerResponse[] = [];
    const hold = (res: ServerResponse): void => void held.push(res);
    gateway.upstreams.first.answer(hold);
    gateway.upstreams.second.answer(hold);
    const before = counts();
    const open: Promise<unknown>[] = [];
    for (let asked = 1; asked <= 6; asked++) {
      open.push(ask("pair"));
      await until(() => held.length === asked);
    }
    expect([counts()["first"], counts()["second"]]).toEqual([(before["first"] ?? 0) + 3, (before["second"] ?? 0) + 3]);
    for (const res of held) wholeAnswer(res, "ok");
    await Promise.all(open);
  });
});

describe("a runtime that goes on failing", () => {
  test("is left alone after five failures, with Retry-After, while another takes over, and is asked again later", async () => {
    gateway.upstreams.first.answer(failing(500));
    for (let failure = 1; failure <= 5; failure++) await ask("small");
    const before = counts();
    gateway.upstreams.first.answer(answering("first"));
    expect(await ask("small")).toEqual([200, "reserve", "reserve"]);
    expect(counts()["first"]).toBe(before["first"]);
    const metrics = await gateway.api.ctx.metrics.registry.metrics();
    expect(metrics).toContain('fidus_llm_breaker{runtime="first"} 2');
    expect(metrics).toMatch(/fidus_llm_fallbacks_total\{runtime="first"\} [1-9]/);
    await until(async () => (await ask("small"))[1] === "first", 10_000);
  });

  test("is 503 with Retry-After when nobody else may answer", async () => {
    gateway.upstreams.narrow.answer(failing(500));
    for (let failure = 1; failure <= 5; failure++) await ask("narrow");
    const response = await gateway.post("/chat/completions", question("narrow"));
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "runtime_paused" } }]);
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
  });
});

describe("places", () => {
  test("one works, one waits and gets its turn, the next is 429 at once, and nobody waits too long", async () => {
    const held: ServerResponse[] = [];
    gateway.upstreams.narrow.answer((res) => void held.push(res));
    const first = ask("narrow");
    await until(() => held.length === 1);
    const second = ask("narrow");
    const [runtime] = gateway.api.ctx.gateway.runtimes.filter(({ config }) => config.name === "narrow");
    await until(() => runtime?.gate.waiting === 1);
    const third = await gateway.post("/chat/completions", question("narrow"));
    expect([third.status, Number(third.headers.get("retry-after")) >= 1]).toEqual([429, true]);
    expect(await gateway.api.ctx.metrics.registry.metrics()).toContain('fidus_llm_waiting{runtime="narrow"} 1');
    for (const res of held.splice(0)) wholeAnswer(res, "one");
    expect(await first).toEqual([200, "narrow", "one"]);
    await until(() => held.length === 1);
    const late = await gateway.post("/chat/completions", question("narrow"));
    expect([late.status, await late.json()]).toMatchObject([503, { error: { code: "queue_timeout" } }]);
    for (const res of held.splice(0)) wholeAnswer(res, "two");
    expect(await second).toEqual([200, "narrow", "two"]);
  });

  test("a place comes free when its caller leaves, working or waiting", async () => {
    const [runtime] = gateway.api.ctx.gateway.runtimes.filter(({ config }) => config.name === "narrow");
    const held: ServerResponse[] = [];
    gateway.upstreams.narrow.answer((res) => void held.push(res));
    const leaving = [new AbortController(), new AbortController()];
    const asked = leaving.map(({ signal }) =>
      gateway.post("/chat/completions", question("narrow"), { signal }).catch(() => null),
    );
    await until(() => runtime?.gate.inside === 1 && runtime.gate.waiting === 1);
    const gone = until(() => held[0]).then((res) => once(res, "close"));
    for (const controller of leaving) controller.abort();
    await Promise.all(asked);
    await until(() => runtime?.gate.inside === 0 && runtime.gate.waiting === 0);
    await gone;
  });
});
