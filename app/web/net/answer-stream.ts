/** Reads the event stream of an answer as typed events. */
import { EventSourceParserStream } from "eventsource-parser/stream";
import type { Citation } from "./api.ts";

export type AnswerEvent =
  | {
      readonly kind: "start";
      readonly conversationId: string;
      readonly messageId: string;
      readonly questionId: string;
      readonly title: string;
      /** Passages that the answer may draw on. */
      readonly citations: readonly Citation[];
    }
  | { readonly kind: "delta"; readonly text: string }
  | { readonly kind: "done"; readonly finishReason: string }
  | { readonly kind: "error"; readonly code: string; readonly message: string };

/**
 * Yields the events of one answer and returns after `done` or `error`.
 * A stream that ends without either yields an error with code `cut`: an early close is never a finished answer.
 * Unknown events and comments (the heartbeat) are skipped.
 */
export async function* answerEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<AnswerEvent> {
  const decoder = new TextDecoderStream() as unknown as TransformStream<Uint8Array, string>;
  const reader = body.pipeThrough(decoder).pipeThrough(new EventSourceParserStream()).getReader();
  try {
    for (;;) {
      const next = await reader.read().catch(() => null);
      if (next === null || next.done) break;
      const event = toEvent(next.value.event, next.value.data);
      if (!event) continue;
      yield event;
      if (event.kind === "done" || event.kind === "error") return;
    }
    yield { kind: "error", code: "cut", message: "The connection was lost before the answer was finished." };
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function toEvent(name: string | undefined, data: string): AnswerEvent | null {
  const values = parse(data);
  if (!values) return null;
  const text = (key: string): string => (typeof values[key] === "string" ? values[key] : "");
  switch (name) {
    case "start":
      return {
        kind: "start",
        conversationId: text("conversationId"),
        messageId: text("messageId"),
        questionId: text("questionId"),
        title: text("title"),
        citations: Array.isArray(values["citations"]) ? (values["citations"] as Citation[]) : [],
      };
    case "delta":
      return { kind: "delta", text: text("text") };
    case "done":
      return { kind: "done", finishReason: text("finishReason") };
    case "error":
      return { kind: "error", code: text("code"), message: text("message") };
    default:
      return null;
  }
}

function parse(data: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
