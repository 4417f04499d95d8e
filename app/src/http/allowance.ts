import { RateLimiterRes, type RateLimiterAbstract } from "rate-limiter-flexible";
import { Pace } from "../pace.ts";

/** What became of one request. */
export interface Taken {
  readonly allowed: boolean;
  /** Requests that are left in this window, over all replicas. */
  readonly remaining: number;
  readonly msBeforeNext: number;
}

/** Requests that were counted beforehand. Times are those of `performance.now()`. */
interface Held {
  readonly pace: Pace;
  /** Counted in Redis and not used yet. */
  left: number;
  /** What Redis has left beyond them. */
  beyond: number;
  usableUntil: number;
  resetAt: number;
  /** Somebody is fetching more. */
  fetching: Promise<unknown> | null;
}

/** Of what is left, this share may be taken at once: near its end a limit is counted one by one. */
const largestShare = 0.02;
/** Requests that were counted and not made are lost to the other replicas. */
const usableMs = 1_000;
/** More ids than that are forgotten all together; what they held is lost to them. */
const mostIds = 10_000;

/**
 * One limit, for many ids. Whoever asks often is counted ahead: as many at once as came in the last tenth of a second, so that a
 * busy key costs no round trip per request and a quiet one is counted one by one. No more than the limit ever pass.
 */
export class Allowance {
  readonly #limiter: RateLimiterAbstract;
  /** True: counting costs a round trip that can be saved. */
  readonly #shared: () => boolean;
  readonly #held = new Map<string, Held>();

  constructor(limiter: RateLimiterAbstract, shared: () => boolean) {
    this.#limiter = limiter;
    this.#shared = shared;
  }

  /** Counts a request with what is at hand; null: nothing is, `take` it. */
  draw(id: string): Taken | null {
    const held = this.#held.get(id);
    if (held === undefined) return null;
    const now = performance.now();
    held.pace.count(now);
    return this.#drawn(held, now);
  }

  /** Counts a request at its source, with others to come where many do. */
  async take(id: string): Promise<Taken> {
    const held = this.#of(id);
    for (;;) {
      const now = performance.now();
      const drawn = this.#drawn(held, now);
      if (drawn !== null) return drawn;
      const ahead = this.#shared() ? Math.min(held.pace.recent(now), Math.floor(held.beyond * largestShare)) : 1;
      if (ahead <= 1) return this.#consume(id, 1, held);
      if (held.fetching === null) {
        held.fetching = this.#consume(id, ahead, held).finally(() => (held.fetching = null));
        return held.fetching as Promise<Taken>;
      }
      await held.fetching.catch(() => {});
    }
  }

  #drawn(held: Held, now: number): Taken | null {
    if (now >= held.usableUntil || !this.#shared()) held.left = 0;
    if (held.left === 0) return null;
    held.left--;
    return { allowed: true, remaining: held.beyond + held.left, msBeforeNext: held.resetAt - now };
  }

  async #consume(id: string, count: number, held: Held): Promise<Taken> {
    const { allowed, result } = await outcome(this.#limiter.consume(id, count));
    if (!allowed && count > 1) {
      // Others took the rest meanwhile: give back what nobody asked for yet, and judge this one alone.
      const { consumedPoints, msBeforeNext } = await this.#limiter.reward(id, count - 1);
      return { allowed: consumedPoints <= this.#limiter.points, remaining: 0, msBeforeNext };
    }
    const now = performance.now();
    const remaining = Math.max(0, result.remainingPoints);
    held.beyond = remaining;
    if (count > 1) {
      held.left = count - 1;
      held.resetAt = now + result.msBeforeNext;
      held.usableUntil = Math.min(held.resetAt, now + usableMs);
    }
    return { allowed, remaining: remaining + held.left, msBeforeNext: result.msBeforeNext };
  }

  #of(id: string): Held {
    const known = this.#held.get(id);
    if (known !== undefined) return known;
    if (this.#held.size >= mostIds) this.#held.clear();
    const made = { pace: new Pace(), left: 0, beyond: 0, usableUntil: 0, resetAt: 0, fetching: null };
    made.pace.count(performance.now());
    this.#held.set(id, made);
    return made;
  }
}

async function outcome(asked: Promise<RateLimiterRes>): Promise<{ allowed: boolean; result: RateLimiterRes }> {
  try {
    return { allowed: true, result: await asked };
  } catch (reason) {
    if (!(reason instanceof RateLimiterRes)) throw reason;
    return { allowed: false, result: reason };
  }
}
