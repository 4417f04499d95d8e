import { expect, test } from "vitest";
import { answerEvents, type AnswerEvent } from "./answer-stream.ts";

const start = `event: start\ndata: {"conversationId":"c","messageId":"m","questionId":"q","title":"T"}\n\n`;
const delta = `event: delta\ndata: {"text":"grüß 🦊"}\n\n`;
const done = `event: done\ndata: {"finishReason":"stop"}\n\n`;

async function read(...chunks: Uint8Array[]): Promise<AnswerEvent[]> {
  const events: AnswerEvent[] = [];
  for await (const event of answerEvents(ReadableStream.from(chunks) as ReadableStream<Uint8Array>)) events.push(event);
  return events;
}
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

const whole: AnswerEvent[] = [
  { kind: "start", conversationId: "c", messageId: "m", questionId: "q", title: "T", citations: [] },
  { kind: "delta", text: "grüß 🦊" },
  { kind: "done", finishReason: "stop" },
];

test("reads the same events wherever the bytes are cut, also inside a character", async () => {
  const all = bytes(start + delta + done);
  for (let at = 0; at <= all.length; at += 1) expect(await read(all.slice(0, at), all.slice(at))).toEqual(whole);
});

test("tells what the answer may draw on", async () => {
  const citation = { number: 1, documentId: "d", name: "map.md", place: "line 2", position: 1 };
  const [event] = await read(bytes(start.replace("}", `,"citations":[${JSON.stringify(citation)}]}`)));
  expect(event).toMatchObject({ kind: "start", citations: [citation] });
});

test("takes CRLF lines, comments and unknown events in its stride", async () => {
  const noisy = `: heartbeat\n\n${start}event: news\ndata: {}\n\ndata: no name\n\n${delta}: heartbeat\n\n${done}`;
  expect(await read(bytes(noisy.replaceAll("\n", "\r\n")))).toEqual(whole);
});

test("reads nothing after the end", async () => {
  expect(await read(bytes(start + done + delta))).toEqual([whole[0], whole[2]]);
});

test("a stream that ends early is an error, never a finished answer", async () => {
  expect((await read(bytes(start + delta))).at(-1)).toMatchObject({ kind: "error", code: "cut" });
  expect((await read()).at(-1)).toMatchObject({ kind: "error", code: "cut" });
});

test("an event whose data is no JSON object is skipped", async () => {
  const broken = "event: delta\ndata: {broken\n\nevent: delta\ndata: 7\n\n";
  expect(await read(bytes(start + broken + done))).toEqual([whole[0], whole[2]]);
});
