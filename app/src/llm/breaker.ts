export const breakerStates = ["closed", "half-open", "open"] as const;
export type BreakerState = (typeof breakerStates)[number];

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number;
  /** Milliseconds it stays open the first time; each trial that fails doubles them. */
  readonly openMs: number;
  readonly longestOpenMs: number;
}

const usual: BreakerOptions = { failures: 5, openMs: 5_000, longestOpenMs: 60_000 };

/** What became of one attempt. Call one of `failed` and `over`; `answered` may come before. */
export interface Attempt {
  /** The first byte is here: the runtime works again, though the answer may still break. */
  readonly answered: () => void;
  /** The answer is whole: failures are forgotten. */
  readonly completed: () => void;
  readonly failed: () => void;
  /** Ended without a verdict: the caller left, or was refused for a fault of its own. */
  readonly over: () => void;
}

/**
 * Keeps requests from a runtime that fails, and lets one through now and then to see whether it is back. Judged twice, at the first
 * byte and at the end of a stream, which is why no library's breaker around one promise would do: it would hold a trial open for as
 * long as an answer takes, or call every stream that breaks a success.
 */
export class Breaker {
  readonly #options: BreakerOptions;
  readonly #now: () => number;
  #failures = 0;
  #openUntil: number | null = null;
  #openMs: number;
  #trial = false;

  constructor(options: BreakerOptions = usual, now: () => number = Date.now) {
    this.#options = options;
    this.#openMs = options.openMs;
    this.#now = now;
  }

  get state(): BreakerState {
    if (this.#openUntil === null) return "closed";
    return this.#now() >= this.#openUntil ? "half-open" : "open";
  }

  /** Seconds until an attempt makes sense; 0: now. */
  get retryAfter(): number {
    if (this.#openUntil === null) return 0;
    const left = Math.ceil((this.#openUntil - this.#now()) / 1_000);
    return this.#trial ? Math.max(1, left) : Math.max(0, left);
  }

  /** Begins an attempt; null: not now. */
  begin(): Attempt | null {
    if (this.retryAfter > 0) return null;
    const trial = this.#openUntil !== null;
    if (trial) this.#trial = true;
    let judged = false;
    const once = (verdict: () => void) => (): void => {
      if (judged) return;
      judged = true;
      verdict();
    };
    const over = (): void => {
      if (trial) this.#trial = false;
    };
    return {
      answered: () => {
        over();
        if (trial && !judged) this.#close(this.#options.failures - 1);
      },
      completed: once(() => (over(), this.#close(0))),
      failed: once(() => (over(), this.#fail())),
      over: once(over),
    };
  }

  #close(failures: number): void {
    this.#failures = failures;
    this.#openUntil = null;
    if (failures === 0) this.#openMs = this.#options.openMs;
  }

  #fail(): void {
    this.#failures++;
    if (this.#failures < this.#options.failures) return;
    this.#openUntil = this.#now() + this.#openMs;
    this.#openMs = Math.min(this.#openMs * 2, this.#options.longestOpenMs);
  }
}
