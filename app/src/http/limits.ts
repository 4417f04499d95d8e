import type { Request, Response } from "express";
import { ipKeyGenerator } from "express-rate-limit";
import type { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis, type RateLimiterAbstract } from "rate-limiter-flexible";
import type { LimitConfig } from "../config.ts";
import { AppError } from "../errors.ts";
import { Allowance } from "./allowance.ts";
import { TokenAllowance, type TokensLeft } from "./token-allowance.ts";

/** All limits count per minute. */
const windowSeconds = 60;

/** What requests may use for each key or person. */
export interface TokenLimit {
  /** Tokens per minute; null: no limit but what keys have of their own. */
  readonly perCaller: number | null;
  readonly allowance: TokenAllowance;
}

/**
 * Requests per address and per key or person, and tokens per key or person, counted in Redis for all replicas together. While Redis is away each replica counts
 * by itself and allows its share.
 */
export class Limits {
  readonly #config: LimitConfig;
  readonly #redis: Redis | null;
  /** By kind and limit: keys may have limits of their own. */
  readonly #allowances = new Map<string, Allowance>();

  /** Tokens, which a meter counts: only it knows what an answer used. */
  readonly tokens: TokenLimit;

  constructor(config: LimitConfig, redis: Redis | null) {
    this.#config = config;
    this.#redis = redis;
    const { limiter, shared } = this.#counter("tokens", 1, 1);
    const allowance = new TokenAllowance({ limiter, shared, replicas: config.replicas, windowMs: windowSeconds * 1_000 });
    this.tokens = { perCaller: config.tokensPerCaller, allowance };
  }

  /** Counts a request for its address (an IPv6 network of 56 bits counts as one). @throws AppError too_many_requests */
  async address(req: Request, res: Response): Promise<void> {
    await this.#count("address", this.#config.perAddress, ipKeyGenerator(req.ip ?? "unknown"), res);
  }

  /** Counts a request for a key or a person; `own`: the key's own limit. @throws AppError too_many_requests */
  async caller(id: string, own: number | null, res: Response): Promise<void> {
    await this.#count("caller", own ?? this.#config.perCaller, id, res);
  }

  /** Has the tokens of a key or a person ready for whoever counts them; `own`: the key's own limit. */
  async lookAtTokens(id: string, own: number | null): Promise<void> {
    if ((own ?? this.tokens.perCaller) !== null) await this.tokens.allowance.look(id);
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
    const { limiter, shared } = this.#counter(kind, limit, Math.max(1, Math.floor(limit / this.#config.replicas)));
    return new Allowance(limiter, shared);
  }

  /** Counts in Redis; without it in this process, which then gets a share. */
  #counter(kind: string, points: number, share: number): { limiter: RateLimiterAbstract; shared: () => boolean } {
    const redis = this.#redis;
    const options = { keyPrefix: `fidus:limit:${kind}`, points, duration: windowSeconds };
    const alone = new RateLimiterMemory({ ...options, points: share });
    if (redis === null) return { limiter: alone, shared: () => false };
    const limiter = new RateLimiterRedis({
      ...options,
      storeClient: redis,
      insuranceLimiter: alone,
      rejectIfRedisNotReady: true,
    });
    return { limiter, shared: () => redis.status === "ready" };
  }
}

/** Says what is left of the tokens per minute, by the names that OpenAI's clients know. */
export function sayTokensLeft(res: Response, { limit, remaining, msBeforeNext }: TokensLeft): void {
  if (res.headersSent) return;
  res.setHeader("x-ratelimit-limit-tokens", limit);
  res.setHeader("x-ratelimit-remaining-tokens", remaining);
  res.setHeader("x-ratelimit-reset-tokens", `${Math.max(1, Math.ceil(msBeforeNext / 1_000))}s`);
}

/** Adds to a header that lists several limits. */
function say(res: Response, name: string, value: string): void {
  const before = res.getHeader(name);
  res.setHeader(name, before === undefined ? value : `${String(before)}, ${value}`);
}
