import type { ServerResponse } from "node:http";

/** Headers that keep every proxy and middleware from holding an event stream back. */
export const streamHeaders = {
  "content-type": "text/event-stream; charset=utf-8",
  "cache-control": "no-cache, no-transform",
  "x-accel-buffering": "no",
} as const;

/** A comment line: ignored by clients, keeps idle timers of proxies from cutting the stream. */
const heartbeat = ": keep-alive\n\n";

/** Writes and waits for room; resolves also when the client is gone, so no writer waits for ever. */
export function write(res: ServerResponse, chunk: string | Uint8Array): Promise<void> | void {
  if (res.closed || res.destroyed || res.write(chunk)) return;
  return new Promise((resolve) => {
    const go = (): void => {
      res.off("drain", go).off("close", go);
      resolve();
    };
    res.once("drain", go).once("close", go);
  });
}

/** Writes a heartbeat, unless the reader has not even taken what came before: then there is nothing to keep alive. */
export function beat(res: ServerResponse): void {
  if (!res.writableNeedDrain) void write(res, heartbeat);
}

/** Calls `gone` once when the client leaves before the answer is complete. */
export function onClientGone(res: ServerResponse, gone: () => void): void {
  res.once("close", () => {
    if (!res.writableFinished) gone();
  });
}

/** Our own event stream: named events with JSON data, and heartbeats while nothing else is sent. */
export class EventStream {
  readonly #res: ServerResponse;
  readonly #timer: NodeJS.Timeout;

  /** Sends the headers at once: from here on failures travel as events. */
  constructor(res: ServerResponse, heartbeatMs: number) {
    this.#res = res;
    res.writeHead(200, streamHeaders);
    res.flushHeaders();
    this.#timer = setInterval(() => beat(res), heartbeatMs);
    res.once("close", () => clearInterval(this.#timer));
  }

  /** Sends one event; with `id` a reader that comes back says how far it came. */
  async send(event: string, data: unknown, id?: number): Promise<void> {
    this.#timer.refresh();
    const line = id === undefined ? "" : `id: ${id}\n`;
    await write(this.#res, `${line}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** True once the reader has left or everything was sent. */
  get closed(): boolean {
    return this.#res.closed || this.#res.destroyed;
  }

  onceClosed(closed: () => void): void {
    this.#res.once("close", closed);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#res.end();
  }
}
