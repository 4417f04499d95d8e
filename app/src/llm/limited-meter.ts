import { AppError } from "../errors.ts";
import type { TokenLimit } from "../http/limits.ts";
import type { Admission, Demand, Meter } from "./usage.ts";

/** An answer counts as long as that at the start, unless its caller asked for a shorter one. */
const estimatedAnswer = 4_096;

/** A meter that admits so many tokens per minute of a key, or of a person on the page: an estimate first, what was used then. */
export class LimitedMeter implements Meter {
  readonly #meter: Meter;
  readonly #limit: TokenLimit;
  readonly cached: Meter["cached"];

  constructor(meter: Meter, limit: TokenLimit) {
    this.#meter = meter;
    this.#limit = limit;
    this.cached = (...call) => meter.cached(...call);
  }

  async admit(demand: Demand): Promise<Admission> {
    const limit = demand.tokensPerMinute ?? this.#limit.perCaller;
    if (limit === null) return this.#meter.admit(demand);
    const { allowance } = this.#limit;
    const id = demand.keyId ?? demand.userId;
    // Whoever came with a key was looked at when the key was.
    const asked = allowance.look(id);
    if (asked !== null) await asked;
    const tokens = estimateOf(demand);
    const { hold, left } = allowance.take(id, limit, tokens);
    demand.onTokensLeft?.(left);
    if (hold === null) {
      throw new AppError("too_many_requests", {
        message: `Too many tokens: this request needs about ${tokens}, ${left.remaining} of ${left.limit} per minute are left. Wait and try again.`,
        retryAfter: Math.max(1, Math.ceil(left.msBeforeNext / 1_000)),
      });
    }
    try {
      const admission = await this.#meter.admit(demand);
      return {
        candidates: admission.candidates,
        maxTokens: admission.maxTokens,
        settle: (settlement) => {
          const { prompt, completion } = settlement.usage;
          allowance.settle(id, hold, prompt + completion);
          return admission.settle(settlement);
        },
      };
    } catch (error) {
      allowance.settle(id, hold, 0);
      throw error;
    }
  }
}

function estimateOf({ endpoint, promptTokens, maxTokens, choices }: Demand): number {
  const answer = endpoint === "embeddings" ? 0 : Math.min(maxTokens ?? estimatedAnswer, estimatedAnswer);
  return promptTokens + answer * choices;
}
