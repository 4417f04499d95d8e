import { AnswerWatch } from "./answer-watch.ts";
import type { AnswerEvents } from "../redaction/answer-events.ts";
import { SseScanner, type SseEvent } from "./sse-scanner.ts";
import type { Endpoint } from "./usage.ts";

export interface StreamPassOptions {
  readonly endpoint: Endpoint;
  /** True: the usage was asked for by us, and its event is kept from the caller. */
  readonly hideUsage: boolean;
  /** Puts values in the place of placeholders; null: nothing was redacted. @default null */
  readonly restore?: AnswerEvents | null;
}

const nothing = Buffer.alloc(0);

/**
 * Passes a stream on event by event, byte for byte. An event goes out when it is whole: a runtime that dies in the middle of one
 * leaves no half event behind, and a heartbeat may stand between any two. What follows an error, or an end without a finish reason,
 * is not passed on: the caller must not take it for an end.
 */
export class StreamPass {
  readonly watch: AnswerWatch;
  readonly #scanner = new SseScanner();
  readonly #hideUsage: boolean;
  readonly #restore: AnswerEvents | null;
  #held: Buffer[] = [];
  #closed = false;

  constructor({ endpoint, hideUsage, restore = null }: StreamPassOptions) {
    this.watch = new AnswerWatch(endpoint);
    this.#hideUsage = hideUsage;
    this.#restore = restore;
  }

  /** True: nothing more will be passed on. */
  get closed(): boolean {
    return this.#closed;
  }

  /** Takes the next bytes; returns those that go out now. @throws EventTooLargeError */
  push(chunk: Buffer): Buffer {
    if (this.#closed) return nothing;
    if (this.#restore !== null) return this.#restored(this.#restore, this.#scanner.push(chunk));
    const parts: Buffer[] = [];
    let from = 0;
    let before = 0;
    for (const event of this.#scanner.push(chunk)) {
      const kind = this.watch.see(event);
      const falseEnd = kind === "done" && !this.watch.finished;
      if (falseEnd || (kind === "usage" && this.#hideUsage)) {
        if (before > from) parts.push(this.#take(chunk, from, before));
        this.#held = [];
        from = event.end;
      }
      before = event.end;
      this.#closed = falseEnd || kind === "error";
      if (this.#closed) break;
    }
    const until = this.#closed ? before : this.#scanner.boundary;
    if (until > from) parts.push(this.#take(chunk, from, until));
    const rest = Math.max(from, until);
    if (rest < chunk.length) this.#held.push(chunk.subarray(rest));
    return parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
  }

  /** What is still held back of texts that were redacted: to be called once, at the end. */
  end(): Buffer {
    return this.#restore === null ? nothing : Buffer.from(this.#restore.flush());
  }

  #restored(restore: AnswerEvents, events: readonly SseEvent[]): Buffer {
    let out = "";
    for (const event of events) {
      const kind = this.watch.see(event);
      this.#closed = kind === "error" || (kind === "done" && !this.watch.finished);
      if (this.#closed) out += restore.flush();
      const hidden = kind === "usage" && this.#hideUsage;
      if (!hidden && !(this.#closed && kind === "done")) out += restore.push(event);
      if (this.#closed) break;
    }
    return Buffer.from(out);
  }

  /** What was held back, and these bytes behind it. */
  #take(chunk: Buffer, from: number, to: number): Buffer {
    const bytes = chunk.subarray(from, to);
    if (this.#held.length === 0) return bytes;
    const joined = Buffer.concat([...this.#held, bytes]);
    this.#held = [];
    return joined;
  }
}
