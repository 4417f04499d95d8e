import type { Request, Response } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import type { LimitConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { Allowance } from "./allowance.ts";

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
  readonly #allowances = new Map<string, Allowance>();

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
    const allowance = this.#allowance(kind, limit);
    const { allowed, remaining, msBeforeNext } = allowance.draw(id) ?? (await allowance.take(id));
    const seconds = Math.max(1, Math.ceil(msBeforeNext / 1_000));
    say(res, "RateLimit-Policy", `"${kind}";q=${limit};w=${windowSeconds}`);
    say(res, "RateLimit", `"${kind}";r=${remaining};t=${seconds}`);
    if (!allowed)
      throw new AppError("too_many_requests", { message: "Too many requests. Wait and try again.", retryAfter: seconds });
  }

  #allowance(kind: string, limit: number): Allowance {
    const name = `${kind}:${limit}`;
    const known = this.#allowances.get(name);
    if (known !== undefined) return known;
    const made = this.#make(kind, limit);
    this.#allowances.set(name, made);
    return made;
  }

  #make(kind: string, limit: number): Allowance {
    const redis = this.#redis;
    const share = Math.max(1, Math.floor(limit / this.#config.replicas));
    const options = { keyPrefix: `fidus:limit:${kind}`, points: limit, duration: windowSeconds };
    const alone = new RateLimiterMemory({ ...options, points: share });
    if (redis === null) return new Allowance(alone, () => false);
    const shared = new RateLimiterRedis({
      ...options,
      storeClient: redis,
      insuranceLimiter: alone,
      rejectIfRedisNotReady: true,
    });
    return new Allowance(shared, () => redis.status === "ready");
  }
}

/** Adds to a header that lists several limits. */
function say(res: Response, name: string, value: string): void {
  const before = res.getHeader(name);
  res.setHeader(name, before === undefined ? value : `${String(before)}, ${value}`);
}
