import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { chunk, done, usageChunk } from "../testing/upstream.ts";
import { StreamPass } from "./stream-pass.ts";
import type { Endpoint } from "./usage.ts";

/** Passes a stream that comes in these pieces; what went out, and what the watch made of it. */
function passed(pieces: readonly Buffer[], hideUsage = false, endpoint: Endpoint = "chat") {
  const pass = new StreamPass({ endpoint, hideUsage });
  const out = Buffer.concat(pieces.map((piece) => pass.push(piece))).toString();
  const { finished, failed, done: ended } = pass.watch;
  return { out, finished, failed, ended, closed: pass.closed, usage: pass.watch.usage(100) };
}

/** Every way to cut a stream in two, and byte by byte. */
function cuts(text: string): Buffer[][] {
  const bytes = Buffer.from(text);
  const inTwo = [...bytes.keys()].map((at) => [bytes.subarray(0, at), bytes.subarray(at)]);
  return [...inTwo, [...bytes].map((byte) => Buffer.of(byte))];
}

const hello = chunk("Grüße 🦉") + ": note\n\n" + chunk(" du") + chunk(null, "stop");
const whole = hello + usageChunk + done;
const failure = 'data: {"error":{"message":"out of memory"}}\n\n';

describe("at every byte where a stream may be cut", () => {
  test("a whole one passes as it came, and is known to be whole", () => {
    for (const pieces of cuts(whole)) {
      expect(passed(pieces)).toEqual({
        out: whole,
        finished: true,
        failed: false,
        ended: true,
        closed: false,
        usage: { prompt: 7, completion: 3, estimated: false },
      });
    }
  });

  test("a whole one with CRLF passes as it came", () => {
    const crlf = whole.replaceAll("\n", "\r\n");
    for (const pieces of cuts(crlf)) expect(passed(pieces)).toMatchObject({ out: crlf, finished: true, ended: true });
  });

  test("usage that the caller did not ask for is read and kept back", () => {
    for (const pieces of cuts(whole)) expect(passed(pieces, true)).toMatchObject({ out: hello + done, usage: { prompt: 7 } });
  });

  test("an error passes, and nothing behind it", () => {
    for (const pieces of cuts(chunk("a") + failure + chunk("b") + done)) {
      expect(passed(pieces)).toMatchObject({ out: chunk("a") + failure, failed: true, finished: false, closed: true });
    }
  });

  test("[DONE] without a finish reason does not pass", () => {
    for (const pieces of cuts(chunk("a") + usageChunk + done)) {
      expect(passed(pieces, true)).toMatchObject({ out: chunk("a"), finished: false, closed: true });
    }
  });

  test("half an event does not pass", () => {
    for (const pieces of cuts(chunk("a") + chunk("lost").slice(0, -1))) {
      expect(passed(pieces)).toMatchObject({ out: chunk("a"), finished: false, closed: false });
    }
  });
});

test("random streams of whole events pass as they came, wherever they are cut", () => {
  const event = fc.oneof(
    fc.string().map((text) => chunk(text)),
    fc.constantFrom(usageChunk, ": c\n\n", "event: x\ndata: {}\n\n", "data: a\r\ndata: b\r\n\r\n", "\n"),
  );
  fc.assert(
    fc.property(fc.array(event), fc.array(fc.nat()), (events, places) => {
      const bytes = Buffer.from(`${events.join("")}data: {"choices":[{"finish_reason":"length"}]}\n\n${done}`);
      const at = [...new Set([0, ...places.map((place) => place % bytes.length), bytes.length])].sort((a, b) => a - b);
      const pieces = at.slice(1).map((to, index) => bytes.subarray(at[index], to));
      expect(passed(pieces)).toMatchObject({ out: bytes.toString(), finished: true, ended: true });
    }),
    { numRuns: 300 },
  );
});

describe("what a model writes", () => {
  test.each(['"finish_reason":"stop"', '{"error":{"message":"x"}}', "[DONE]", '"usage":{"prompt_tokens":1}', '"choices":[]'])(
    "%s is text to us",
    (text) => {
      expect(passed([Buffer.from(chunk(text))], true)).toMatchObject({
        out: chunk(text),
        finished: false,
        failed: false,
        closed: false,
      });
    },
  );
});

describe("usage", () => {
  test("on every event is taken from the last", () => {
    const counted = (tokens: number, reason: string | null) =>
      `data: {"choices":[{"delta":{"content":"x"},"finish_reason":${JSON.stringify(reason)}}],"usage":{"prompt_tokens":4,"completion_tokens":${tokens}}}\n\n`;
    const text = counted(1, null) + counted(2, "stop") + done;
    expect(passed([Buffer.from(text)], true)).toMatchObject({ out: text, usage: { prompt: 4, completion: 2, estimated: false } });
  });

  test("that never comes is estimated: one token a piece, more for long pieces", () => {
    const short = passed([Buffer.from(chunk("a") + chunk("b") + chunk("c"))]).usage;
    const long = passed([Buffer.from(chunk("a") + chunk("b".repeat(301)))]).usage;
    expect([short, long]).toEqual([
      { prompt: 100, completion: 3, estimated: true },
      { prompt: 100, completion: 100, estimated: true },
    ]);
  });
});

describe("/v1/responses", () => {
  const event = (type: string, more: object = {}) => `event: ${type}\ndata: ${JSON.stringify({ type, ...more })}\n\n`;
  const text = event("response.created") + event("response.output_text.delta", { delta: "Hi" });

  test.each(["response.completed", "response.incomplete"])("is whole with %s, which tells its usage", (type) => {
    const all = text + event(type, { response: { usage: { input_tokens: 5, output_tokens: 2 } } });
    for (const pieces of cuts(all)) {
      expect(passed(pieces, false, "responses")).toMatchObject({
        out: all,
        finished: true,
        ended: true,
        usage: { prompt: 5, completion: 2, estimated: false },
      });
    }
  });

  test.each(["response.failed", "error"])("has failed with %s", (type) => {
    const all = text + event(type, { message: "no" });
    expect(passed([Buffer.from(all)], false, "responses")).toMatchObject({ out: all, failed: true, finished: false });
  });
});
