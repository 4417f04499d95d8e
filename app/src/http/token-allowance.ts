import type { RateLimiterAbstract } from "rate-limiter-flexible";

/** What is left of a limit of tokens per minute. */
export interface TokensLeft {
  readonly limit: number;
  readonly remaining: number;
  readonly msBeforeNext: number;
}

/** Tokens that were counted before they were used. Times are those of `performance.now()`. */
export interface TokenHold {
  readonly tokens: number;
  /** End of the minute they were counted in. */
  readonly until: number;
}

/** The minute of one id, as far as this process knows it. */
interface Count {
  /** Used by all replicas, when the counter was last asked. */
  told: number;
  /** On its way to the counter. */
  sent: number;
  /** Counted here, and not yet sent. */
  unsent: number;
  resetAt: number;
  /** What was told is older than that from then on. */
  freshUntil: number;
  /** Told by the counter of all replicas; false: by this process's own. */
  shared: boolean;
  asking: Promise<void> | null;
}

interface TokenAllowanceOptions {
  /** The counter; its own limit is not used. */
  readonly limiter: RateLimiterAbstract;
  /** True: the counter is that of all replicas. */
  readonly shared: () => boolean;
  /** Processes that share a limit while each counts by itself. */
  readonly replicas: number;
  readonly windowMs: number;
}

/** What was counted within that time is sent together. */
const sendMs = 100;
/** So long nobody is asked again. */
const freshMs = 250;
/** More ids than that are forgotten all together. */
const mostIds = 10_000;

/**
 * Tokens per minute, for many ids. What a request will use is known only when it is over: an estimate is counted at its start and
 * put right at its end. Both are counted here first and told to the common counter a tenth of a second later, so that a busy id
 * costs a few questions a second. So long replicas do not know of each other: together they may let pass what each admits meanwhile.
 */
export class TokenAllowance {
  readonly #options: TokenAllowanceOptions;
  readonly #counts = new Map<string, Count>();
  readonly #waiting = new Set<string>();
  #timer: NodeJS.Timeout | null = null;

  constructor(options: TokenAllowanceOptions) {
    this.#options = options;
  }

  /** Asks the counter, unless it is known well enough: null. Joins the same write to Redis as other questions of this turn. */
  look(id: string): Promise<void> | null {
    const count = this.#of(id);
    if (performance.now() < count.freshUntil) return null;
    count.asking ??= this.#send(id, count).finally(() => (count.asking = null));
    return count.asking;
  }

  /** Counts tokens if the limit has room for them. More than the whole limit at once pass when nothing else was counted. */
  take(id: string, limit: number, tokens: number): { readonly hold: TokenHold | null; readonly left: TokensLeft } {
    const count = this.#of(id);
    const allowed = count.shared ? limit : Math.max(1, Math.floor(limit / this.#options.replicas));
    const room = allowed - count.told - count.sent - count.unsent;
    const counted = Math.min(tokens, allowed);
    const passes = counted <= room;
    if (passes) this.#add(id, count, counted);
    const remaining = Math.max(0, passes ? room - counted : room);
    const left = { limit: allowed, remaining, msBeforeNext: count.resetAt - performance.now() };
    return { hold: passes ? { tokens: counted, until: count.resetAt } : null, left };
  }

  /** Puts an estimate right. What was not used is given back within its minute; what came on top counts now. */
  settle(id: string, { tokens, until }: TokenHold, used: number): void {
    const more = used - tokens;
    // A later minute did not count them: it has nothing to give back.
    if (more === 0 || (more < 0 && performance.now() >= until - 2 * sendMs)) return;
    this.#add(id, this.#of(id), more);
  }

  /** Tells the counter what it was not told yet. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sendAll();
  }

  #add(id: string, count: Count, tokens: number): void {
    count.unsent += tokens;
    this.#waiting.add(id);
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void this.#sendAll();
    }, sendMs).unref();
  }

  async #sendAll(): Promise<void> {
    const ids = [...this.#waiting];
    this.#waiting.clear();
    await Promise.all(ids.map((id) => this.#send(id, this.#of(id))));
  }

  async #send(id: string, count: Count): Promise<void> {
    const { limiter, shared } = this.#options;
    const tokens = count.unsent;
    count.unsent = 0;
    count.sent += tokens;
    const common = shared();
    try {
      const { consumedPoints, msBeforeNext } = await limiter.penalty(id, tokens);
      const now = performance.now();
      count.told = consumedPoints;
      count.resetAt = now + msBeforeNext;
      count.freshUntil = Math.min(now + freshMs, count.resetAt);
      count.shared = common && shared();
    } finally {
      count.sent -= tokens;
    }
  }

  #of(id: string): Count {
    const now = performance.now();
    const shared = this.#options.shared();
    const known = this.#counts.get(id);
    if (known === undefined) {
      if (this.#counts.size >= mostIds) this.#counts.clear();
      const resetAt = now + this.#options.windowMs;
      const made = { told: 0, sent: 0, unsent: 0, resetAt, freshUntil: 0, shared, asking: null };
      this.#counts.set(id, made);
      return made;
    }
    if (now >= known.resetAt || known.shared !== shared) {
      known.told = 0;
      known.unsent = Math.max(0, known.unsent);
      known.resetAt = now + this.#options.windowMs;
      known.freshUntil = 0;
      known.shared = shared;
    }
    return known;
  }
}
