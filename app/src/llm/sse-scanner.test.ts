import { createParser } from "eventsource-parser";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { EventTooLargeError, SseScanner, type SseEvent } from "./sse-scanner.ts";

type Seen = Omit<SseEvent, "end">;

function scan(...chunks: readonly (string | Uint8Array)[]): Seen[] {
  const scanner = new SseScanner();
  return chunks.flatMap((chunk) => scanner.push(Buffer.from(chunk)).map(({ event, data }) => ({ event, data })));
}

const sample = Buffer.from(
  '\uFEFFdata: {"a":1}\n\n: comment\r\n\r\nevent: error\r\ndata: first\r\ndata:second\r\n\r\ndata: Grüße 🦉\rid: 7\r\rdata:[DONE]\n\n',
);
const expected: Seen[] = [
  { event: "message", data: '{"a":1}' },
  { event: "error", data: "first\nsecond" },
  { event: "message", data: "Grüße 🦉" },
  { event: "message", data: "[DONE]" },
];

describe("a whole stream", () => {
  test("gives every event, with LF, CRLF and CR, comments, multi-line data and no space after the colon", () => {
    expect(scan(sample)).toEqual(expected);
  });

  test("gives the same events when cut in two at every byte, characters and line ends included", () => {
    for (let at = 0; at <= sample.length; at++) {
      expect(scan(sample.subarray(0, at), sample.subarray(at)), `cut at ${at}`).toEqual(expected);
    }
  });

  test("gives the same events byte by byte", () => {
    expect(scan(...[...sample].map((byte) => Uint8Array.of(byte)))).toEqual(expected);
  });

  test("agrees with eventsource-parser on random streams cut at random places", () => {
    const line = fc.constantFrom(
      "data: x",
      "data:",
      "data",
      "data:  two",
      "event: e",
      "event",
      ": c",
      "id: 1",
      "other: y",
      "",
      "",
      "data: ü🦉",
    );
    const end = fc.constantFrom("\n", "\r\n", "\r");
    const stream = fc.array(fc.tuple(line, end), { maxLength: 30 }).map((lines) => `${lines.flat().join("")}\n\n`);
    fc.assert(
      fc.property(stream, fc.array(fc.nat({ max: 400 }), { maxLength: 8 }), (text, cuts) => {
        const theirs: Seen[] = [];
        const parser = createParser({ onEvent: ({ event, data }) => theirs.push({ event: event || "message", data }) });
        parser.feed(text);
        const bytes = Buffer.from(text);
        const places = [...new Set([0, ...cuts.map((cut) => cut % bytes.length), bytes.length])].sort((a, b) => a - b);
        const parts = places.slice(1).map((to, index) => bytes.subarray(places[index], to));
        expect(scan(...parts)).toEqual(theirs);
      }),
      { numRuns: 300 },
    );
  });
});

describe("an unfinished stream", () => {
  test("gives no event for data without its blank line", () => {
    expect(scan("data: never\n")).toEqual([]);
  });

  test("is at a boundary only between events", () => {
    const scanner = new SseScanner();
    const boundaries = ["", "da", "ta: x\n", "\n", ": c", "\n", "event: e\n", "\n"].map((part) => {
      scanner.push(Buffer.from(part));
      return scanner.atBoundary;
    });
    expect(boundaries).toEqual([true, false, false, true, false, true, false, true]);
  });

  test("is refused when one event outgrows the limit, in one line or in many", () => {
    expect(() => new SseScanner(10).push(Buffer.from("data: 12345678"))).toThrow(EventTooLargeError);
    const scanner = new SseScanner(20);
    expect(() => scanner.push(Buffer.from("data: 1234\n".repeat(3)))).toThrow(EventTooLargeError);
  });

  test("is accepted when many small events exceed the limit together", () => {
    expect(new SseScanner(20).push(Buffer.from("data: 1234\n\n".repeat(50)))).toHaveLength(50);
  });
});
