import { createParser } from "eventsource-parser";

export interface ReadEvent {
  readonly event: string;
  // Shape is what the test asserts.
  readonly data: Record<string, unknown>;
  /** Only where the stream gave one. */
  readonly id?: string;
}

/** Reads an event stream as it arrives, with an independent parser; comments are yielded as event "comment". */
export async function* readEvents(response: Response): AsyncGenerator<ReadEvent> {
  if (response.body === null) return;
  let ready: ReadEvent[] = [];
  const parser = createParser({
    onEvent: ({ event = "message", data, id }) =>
      ready.push({ event, data: JSON.parse(data) as Record<string, unknown>, ...(id === undefined ? {} : { id }) }),
    onComment: (comment) => ready.push({ event: "comment", data: { comment } }),
  });
  const decoder = new TextDecoder();
  for await (const bytes of response.body) {
    parser.feed(decoder.decode(bytes, { stream: true }));
    const events = ready;
    ready = [];
    yield* events;
  }
}

/** All events of a stream. */
export function allEvents(response: Response): Promise<ReadEvent[]> {
  return collect(readEvents(response));
}

/** The text of an answer's events. */
export function textOf(events: readonly ReadEvent[]): string {
  return events.map(({ event, data }) => (event === "delta" ? String(data["text"]) : "")).join("");
}

/** Everything an asynchronous sequence gives. */
export async function collect<T>(sequence: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of sequence) items.push(item);
  return items;
}

/** The next event of that name; heartbeats come when they like. */
export async function nextOf(reader: AsyncGenerator<ReadEvent>, name: string): Promise<ReadEvent> {
  for (;;) {
    const { value, done: over } = await reader.next();
    if (over === true) throw new Error(`the stream ended without ${name}`);
    if (value.event === name) return value;
  }
}
