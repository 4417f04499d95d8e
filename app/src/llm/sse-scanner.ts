/** One dispatched event of an event stream. */
export interface SseEvent {
  /** The `event:` field; "message" when absent. */
  readonly event: string;
  /** The `data:` lines joined by line feeds. */
  readonly data: string;
  /** Bytes of the latest chunk up to and with the blank line that ended this event. */
  readonly end: number;
}

/** True for the error object that a runtime puts into a stream, or into an answer that calls itself 200. */
export function isErrorData(data: string): boolean {
  return /^\s*\{\s*"error"\s*:\s*[{"]/.test(data);
}

const LF = 10;
const CR = 13;
const empty = Buffer.alloc(0);
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Thrown when one event outgrows the limit: an upstream that never ends its line must not fill the memory. */
export class EventTooLargeError extends Error {
  constructor(limit: number) {
    super(`an event of the stream is larger than ${limit} bytes`);
    this.name = "EventTooLargeError";
  }
}

/**
 * Reads an event stream from chunks that may be split anywhere: inside a line end, a field name or a character.
 * Lines are cut at byte level and decoded whole. Rules: WHATWG HTML, "Interpreting an event stream";
 * an event without its blank line is incomplete and never dispatched.
 */
export class SseScanner {
  readonly #limit: number;
  #rest: Buffer = empty;
  #skipLineFeed = false;
  #first = true;
  #data: string[] = [];
  #event = "";
  #size = 0;
  #boundary = 0;

  /** @param limit largest event in bytes. @default 8 MiB */
  constructor(limit = 8 * 1024 * 1024) {
    this.#limit = limit;
  }

  /** True when nothing is pending: a comment may be put into the stream here without harming an event. */
  get atBoundary(): boolean {
    return this.#rest.length === 0 && this.#data.length === 0 && this.#event === "" && !this.#skipLineFeed;
  }

  /** Bytes of the latest chunk up to the last blank line, comments included; what follows is the beginning of an event. */
  get boundary(): number {
    return this.#boundary;
  }

  /** Takes the next bytes and returns the events they complete. @throws EventTooLargeError */
  push(chunk: Uint8Array): SseEvent[] {
    const events: SseEvent[] = [];
    this.#boundary = 0;
    const bytes = this.#join(chunk);
    let start = 0;
    for (let at = this.#searchFrom(bytes, start); at < bytes.length; at++) {
      const byte = bytes[at];
      if (byte !== LF && byte !== CR) continue;
      if (byte === LF && this.#skipLineFeed && at === start) {
        this.#skipLineFeed = false;
        start = at + 1;
        if (this.#data.length === 0 && this.#event === "" && this.#size === 0) this.#boundary = start - this.#scanned;
        continue;
      }
      this.#skipLineFeed = byte === CR;
      this.#line(bytes, start, at, events);
      start = at + 1;
    }
    if (start < bytes.length) this.#skipLineFeed = false;
    this.#keep(bytes, start);
    return events;
  }

  #scanned = 0;

  #join(chunk: Uint8Array): Buffer {
    const next = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    this.#scanned = this.#rest.length;
    return this.#rest.length === 0 ? next : Buffer.concat([this.#rest, next]);
  }

  /** What was kept holds no line end: it need not be searched again. */
  #searchFrom(bytes: Buffer, start: number): number {
    return Math.min(Math.max(start, this.#scanned), bytes.length);
  }

  #keep(bytes: Buffer, start: number): void {
    // A copy: the chunk's memory belongs to the reader and may be reused.
    this.#rest = start < bytes.length ? Buffer.from(bytes.subarray(start)) : empty;
    if (this.#size + this.#rest.length > this.#limit) throw new EventTooLargeError(this.#limit);
  }

  #line(bytes: Buffer, from: number, end: number, events: SseEvent[]): void {
    let start = from;
    if (this.#first) {
      this.#first = false;
      if (bytes.subarray(start, start + 3).equals(byteOrderMark)) start += 3;
    }
    if (start >= end) return this.#dispatch(events, end + 1 - this.#scanned);
    this.#size += end - start;
    if (this.#size > this.#limit) throw new EventTooLargeError(this.#limit);
    const line = bytes.toString("utf8", start, end);
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    if (name === "data") this.#data.push(value);
    else if (name === "event") this.#event = value;
  }

  #dispatch(events: SseEvent[], end: number): void {
    this.#boundary = end;
    if (this.#data.length > 0) {
      events.push({ event: this.#event === "" ? "message" : this.#event, data: this.#data.join("\n"), end });
    }
    this.#data = [];
    this.#event = "";
    this.#size = 0;
  }
}
