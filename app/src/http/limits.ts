import type { Request, Response } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, type RateLimiterAbstract } from "rate-limiter-flexible";
import type { LimitConfig } from "../config.ts";
import { AppError } from "../errors.ts";

/** All limits count per minute. */
const windowSeconds = 60;

/**
 * Requests per address and per key or person, counted in Redis for all replicas together. While Redis is away each replica counts
 * by itself and allows its share.
 */
export class Limits {
  readonly #config: LimitConfig;
  readonly #redis: Redis | null;
  /** By kind and limit: keys may have limits of their own. */
  readonly #limiters = new Map<string, RateLimiterAbstract>();

  constructor(config: LimitConfig, redis: Redis | null) {
    this.#config = config;
    this.#redis = redis;
  }

  /** Counts a request for its address (an IPv6 network of 56 bits counts as one). @throws AppError too_many_requests */
  async address(req: Request, res: Response): Promise<void> {
    await this.#count("address", this.#config.perAddress, ipKeyGenerator(req.ip ?? "unknown"), res);
  }

  /** Counts a request for a key or a person; `own`: the key's own limit. @throws AppError too_many_requests */
  async caller(id: string, own: number | null, res: Response): Promise<void> {
    await this.#count("caller", own ?? this.#config.perCaller, id, res);
  }

  async #count(kind: "address" | "caller", limit: number | null, id: string, res: Response): Promise<void> {
    if (limit === null) return;
    let refused = false;
    const result = await this.#limiter(kind, limit)
      .consume(id)
      .catch((reason: unknown) => {
        if (!(reason instanceof RateLimiterRes)) throw reason;
        refused = true;
        return reason;
      });
    const seconds = Math.max(1, Math.ceil(result.msBeforeNext / 1_000));
    res.append("RateLimit-Policy", `"${kind}";q=${limit};w=${windowSeconds}`);
    res.append("RateLimit", `"${kind}";r=${Math.max(0, result.remainingPoints)};t=${seconds}`);
    if (refused)
      throw new AppError("too_many_requests", { message: "Too many requests. Wait and try again.", retryAfter: seconds });
  }

  #limiter(kind: string, limit: number): RateLimiterAbstract {
    const name = `${kind}:${limit}`;
    const known = this.#limiters.get(name);
    if (known !== undefined) return known;
    const made = this.#make(kind, limit);
    this.#limiters.set(name, made);
    return made;
  }

  #make(kind: string, limit: number): RateLimiterAbstract {
    const share = Math.max(1, Math.floor(limit / this.#config.replicas));
    const options = { keyPrefix: `fidus:limit:${kind}`, points: limit, duration: windowSeconds };
    const alone = new RateLimiterMemory({ ...options, points: share });
    if (this.#redis === null) return alone;
    return new RateLimiterRedis({ ...options, storeClient: this.#redis, insuranceLimiter: alone, rejectIfRedisNotReady: true });
  }
}
