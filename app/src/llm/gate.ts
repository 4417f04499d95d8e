import { AppError } from "../errors.ts";

interface Waiting {
  readonly enter: () => void;
  readonly leave: (error: unknown) => void;
}

export interface GateLimits {
  /** Requests let in at once. */
  readonly concurrency: number;
  /** Requests that may wait. */
  readonly queue: number;
  /** Longest wait. */
  readonly queueSeconds: number;
}

/**
 * Lets so many requests to a runtime at once and so many wait, in the order they came. Nobody waits for ever: a full queue is 429, a
 * wait that is too long 503, both with Retry-After. Not a library's bulkhead: those end a place with a promise, ours with a stream,
 * and know no longest wait.
 */
export class Gate {
  readonly #limits: GateLimits;
  readonly #queue = new Set<Waiting>();
  #inside = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  get inside(): number {
    return this.#inside;
  }

  get waiting(): number {
    return this.#queue.size;
  }

  /** Share of the places that are taken or asked for; 1 and more: one has to wait. */
  get load(): number {
    return (this.#inside + this.#queue.size) / this.#limits.concurrency;
  }

  /** Resolves to the function that gives the place back; calling it twice is harmless. @throws AppError, or the signal's reason */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#inside < this.#limits.concurrency) this.#inside++;
    else await this.#wait(signal);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      this.#leave();
    };
  }

  /** The place goes to the next in line, so `inside` stays. */
  #leave(): void {
    const [next] = this.#queue;
    if (next === undefined) return void this.#inside--;
    this.#queue.delete(next);
    next.enter();
  }

  #wait(signal: AbortSignal): Promise<void> {
    const { queue, queueSeconds } = this.#limits;
    if (this.#queue.size >= queue) throw new AppError("runtime_busy", { retryAfter: this.#retryAfter() });
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(timer);
        signal.removeEventListener("abort", aborted);
        this.#queue.delete(waiting);
      };
      const waiting: Waiting = {
        enter: () => (end(), resolve()),
        leave: (error) => (end(), reject(error as Error)),
      };
      const aborted = (): void => waiting.leave(signal.reason);
      const tooLong = (): void => waiting.leave(new AppError("queue_timeout", { retryAfter: this.#retryAfter() }));
      const timer = setTimeout(tooLong, queueSeconds * 1_000);
      this.#queue.add(waiting);
      if (signal.aborted) aborted();
      else signal.addEventListener("abort", aborted, { once: true });
    });
  }

  /** A longer line, a longer wait: from 1 to 30 seconds. */
  #retryAfter(): number {
    return Math.min(30, 1 + Math.ceil(this.load));
  }
}
