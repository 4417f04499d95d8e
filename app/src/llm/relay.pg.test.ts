import OpenAI from "openai";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { timed, until } from "../testing/api.ts";
import { collect } from "../testing/events.ts";
import { question, startGateway, type TestGateway } from "../testing/gateway.ts";
import { chunk, done, openStream, streamText, wholeAnswer } from "../testing/upstream.ts";

let gateway: TestGateway;
let client: OpenAI;

beforeAll(async () => {
  gateway = await startGateway();
  client = new OpenAI({ apiKey: gateway.key, baseURL: `${gateway.api.url}/v1`, maxRetries: 0 });
}, 60_000);

afterAll(() => gateway.close());

describe("the official client", () => {
  test("lists models", async () => {
    expect((await client.models.list()).data.map(({ id }) => id)).toEqual(["test-model"]);
  });

  test("gets a whole answer with its usage and the runtime's extra fields", async () => {
    gateway.upstream.answer((res) => wholeAnswer(res, "Hello"));
    const answer = await client.chat.completions.create(question);
    expect(answer.choices[0]?.message.content).toBe("Hello");
    expect(answer.usage?.total_tokens).toBe(10);
    expect(answer).toHaveProperty("timings", { kept: true });
  });

  test("gets a stream piece by piece, in order, with usage", async () => {
    gateway.upstream.answer((res) => streamText(res, ["a", "b", "c"]));
    const stream = await client.chat.completions.create({ ...question, stream: true, stream_options: { include_usage: true } });
    const texts: (string | null | undefined)[] = [];
    let total = 0;
    for await (const part of stream) {
      texts.push(part.choices[0]?.delta.content);
      total = part.usage?.total_tokens ?? total;
    }
    expect([texts.filter(Boolean), total]).toEqual([["a", "b", "c"], 10]);
  });

  test.each([
    [400, OpenAI.BadRequestError],
    [404, OpenAI.NotFoundError],
    [429, OpenAI.RateLimitError],
    [500, OpenAI.InternalServerError],
    [503, OpenAI.InternalServerError],
  ])("raises the class of status %i, with message, code and Retry-After", async (status, kind) => {
    gateway.upstream.answer((res) => {
      res.writeHead(status, { "content-type": "application/json", "retry-after": "7" });
      res.end(JSON.stringify({ error: { message: "no", type: "t", param: null, code: "c" } }));
    });
    const error = await client.chat.completions.create(question).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(kind);
    expect(error).toMatchObject({ status, code: "c", type: "t" });
    expect((error as InstanceType<typeof OpenAI.APIError>).headers?.get("retry-after")).toBe("7");
  });

  test("raises an error inside a started stream", async () => {
    gateway.upstream.answer((res) => {
      openStream(res);
      res.write(chunk("a"));
      res.end(`data: ${JSON.stringify({ error: { message: "out of memory", type: "api_error", param: null, code: null } })}\n\n`);
    });
    const stream = await client.chat.completions.create({ ...question, stream: true });
    await expect(collect(stream)).rejects.toThrow("out of memory");
  });

  test("raises an error when the runtime dies in the middle, and gets no made-up end", async () => {
    gateway.upstream.answer((res) => {
      openStream(res);
      res.write(chunk("a"), () => res.destroy());
    });
    const stream = await client.chat.completions.create({ ...question, stream: true });
    await expect(collect(stream)).rejects.toThrow("stopped in the middle");
  });

  test("raises an error when the stream ends without a finish reason", async () => {
    gateway.upstream.answer((res) => {
      openStream(res);
      res.end(chunk("a"));
    });
    const response = await gateway.post({ ...question, stream: true });
    const text = await response.text();
    expect(text).toContain('"code":"runtime_broken"');
    expect(text).not.toContain("[DONE]");
  });
});

describe("what passes through", () => {
  test("the body goes byte for byte, the caller's key does not", async () => {
    gateway.upstream.answer((res) => wholeAnswer(res, "x"));
    const body = '{ "model":"test-model",\n "messages":[{"role":"user","content":"é"}], "tools":[], "x_unknown": 1.50 }';
    await gateway.post(body);
    const seen = gateway.upstream.requests.at(-1);
    expect(seen?.body).toBe(body);
    expect(seen?.headers.authorization).toBe("Bearer sk-upstream");
    expect(JSON.stringify(seen?.headers)).not.toContain(gateway.key);
  });

  test("a missing model is put in front, and the rest goes byte for byte, however large its numbers and deep its nests", async () => {
    gateway.upstream.answer((res) => wholeAnswer(res, "x"));
    const deep = "[".repeat(100_000) + "]".repeat(100_000);
    const rest = `"messages":[{"role":"user","content":"{é}"}], "seed": 12345678901234567890, "x_unknown":${deep} }`;
    expect((await gateway.post(` { ${rest}`)).status).toBe(200);
    expect(gateway.upstream.requests.at(-1)?.body).toBe(` {"model":"test-model", ${rest}`);
  });

  test("stream bytes arrive as sent, wherever the runtime cuts them", async () => {
    const bytes = Buffer.from(chunk("Grüße 🦉") + chunk(null, "stop") + done);
    gateway.upstream.answer(async (res) => {
      openStream(res);
      for (const byte of bytes) {
        res.write(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      res.end();
    });
    const received = Buffer.from(await (await gateway.post({ ...question, stream: true })).arrayBuffer());
    expect(received.toString()).toBe(bytes.toString());
  });

  test("streams are neither compressed nor buffered, pieces arrive as they are made", async () => {
    let release = (): void => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    gateway.upstream.answer(async (res) => {
      openStream(res);
      res.write(chunk("first"));
      await held;
      res.end(chunk(null, "stop") + done);
    });
    const response = await gateway.post(
      { ...question, stream: true },
      { authorization: `Bearer ${gateway.key}`, "accept-encoding": "gzip, br" },
    );
    expect(response.headers.get("content-encoding")).toBeNull();
    expect(response.headers.get("x-accel-buffering")).toBe("no");
    expect(response.headers.get("cache-control")).toBe("no-cache, no-transform");
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toContain("first");
    release();
    await reader?.cancel();
  });

  test("heartbeats keep a silent stream alive, before its first byte and between events, never inside one", async () => {
    const [head = "", tail = ""] = [chunk("whole").slice(0, 20), chunk("whole").slice(20)];
    gateway.upstream.answer(async (res) => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      openStream(res);
      res.write(head);
      await new Promise((resolve) => setTimeout(resolve, 250));
      res.write(tail);
      await new Promise((resolve) => setTimeout(resolve, 250));
      res.end(chunk(null, "stop") + done);
    });
    const text = await (await gateway.post({ ...question, stream: true })).text();
    const [before = "", after = ""] = text.split(chunk("whole"));
    expect(before).toMatch(/^(: keep-alive\n\n)+$/);
    expect(after).toMatch(/^(: keep-alive\n\n)+data: /);
  });

  test("an error after an early heartbeat travels as an event", async () => {
    gateway.upstream.answer(async (res) => {
      await new Promise((resolve) => setTimeout(resolve, 250));
      res.writeHead(500, { "content-type": "application/json" }).end('{"error":{"message":"no\\nmemory","type":"t"}}');
    });
    const response = await gateway.post({ ...question, stream: true });
    const text = await response.text();
    expect(response.status).toBe(200);
    expect(text).toContain('data: {"error":{"message":"no\\nmemory","type":"t"}}\n\n');
    expect(text).not.toContain("[DONE]");
  });

  test("the runtime's 401 is not taken for the caller's", async () => {
    gateway.upstream.answer((res) => void res.writeHead(401).end('{"error":{"message":"bad key sk-upstream"}}'));
    const response = await gateway.post(question);
    const text = await response.text();
    expect([response.status, text.includes("sk-upstream")]).toEqual([502, false]);
  });
});

describe("a caller who leaves", () => {
  test.each([
    ["before the runtime answers", () => {}],
    [
      "in the middle of a stream",
      (res: Parameters<typeof openStream>[0]) => {
        openStream(res);
        res.write(chunk("a"));
      },
    ],
  ])("%s: nine leave, and the runtime is left within 100 ms by most and within a second by all", async (_name, script) => {
    gateway.upstream.answer(script);
    const times: number[] = [];
    for (let caller = 0; caller < 9; caller++) {
      const before = gateway.upstream.requests.length;
      const controller = new AbortController();
      const response = gateway.post({ ...question, stream: true }, undefined, controller.signal).catch(() => null);
      const seen = await until(() => gateway.upstream.requests[before]);
      if (script.length > 0) await (await response)?.body?.getReader().read();
      controller.abort();
      times.push(await timed(seen.left));
    }
    times.sort((a, b) => a - b);
    expect(times[4]).toBeLessThan(100);
    expect(times[8]).toBeLessThan(1_000);
    await until(() => gateway.api.ctx.lifecycle.openWork === 0);
  });
});
