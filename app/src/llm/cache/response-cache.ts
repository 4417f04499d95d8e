import { Counter, type Registry } from "prom-client";
import { tryJson } from "../adapters/adapter.ts";
import type { Call } from "../call.ts";
import type { Plan } from "../plan.ts";
import type { Candidate, Endpoint, Payer, Usage } from "../usage.ts";
import type { CacheConfig } from "../../config.ts";
import type { Logger } from "../../log.ts";
import type { RedisBus } from "../../redis.ts";
import { TenantSeal } from "./seal.ts";

/** What a caller says about the cache. */
export interface CacheWish {
  /** The same answer will do although the temperature is not 0. */
  readonly allow: boolean;
  /** False: a new answer is wanted. */
  readonly read: boolean;
  /** False: nothing is to be kept. */
  readonly store: boolean;
}

/** An answer as it was given: the bytes that went out. */
export interface KeptAnswer {
  readonly body: Buffer;
  readonly stream: boolean;
  readonly candidate: Candidate;
  readonly usage: Usage;
}

/** Longest wait for Redis: whoever is slower than that is away. */
const patienceMs = 250;

/** The place of one request in the cache. */
export interface CacheSlot {
  /** Largest answer that is kept, in bytes. */
  readonly limit: number;
  /** Null: there is none, or Redis is away. */
  readonly read: () => Promise<KeptAnswer | null>;
  /** Keeps it if it can. Never throws. */
  readonly store: (answer: KeptAnswer) => Promise<void>;
}

interface ResponseCacheOptions {
  readonly config: CacheConfig;
  readonly redis: RedisBus;
  readonly secret: string;
  readonly registry: Registry;
  readonly log: Logger;
}

/** Answers to requests that came before, byte for byte the same, from the same caller. In Redis, sealed; all of it may vanish. */
export class ResponseCache {
  readonly #options: ResponseCacheOptions;
  readonly #seals = new Map<string, TenantSeal>();
  readonly #requests: Counter<"endpoint" | "result">;
  readonly #savedTokens: Counter<"direction">;

  constructor(options: ResponseCacheOptions) {
    const registers = [options.registry];
    this.#options = options;
    this.#requests = new Counter({
      name: "fidus_llm_cache_requests_total",
      help: "Requests that the response cache may answer, by what became of them; away: Redis did not answer.",
      labelNames: ["endpoint", "result"],
      registers,
    });
    this.#savedTokens = new Counter({
      name: "fidus_llm_cache_saved_tokens_total",
      help: "Tokens of answers that came from the cache.",
      labelNames: ["direction"],
      registers,
    });
  }

  /** Null: this request is none for the cache. */
  slot(call: Call, plan: Plan, payer: Payer, cloud: boolean, wish: CacheWish): CacheSlot | null {
    if (call.acts || !(call.repeatable || wish.allow) || !(wish.read || wish.store)) return null;
    const { mode, ttlSeconds, maxBytes } = this.#options.config;
    const seal = this.#sealOf(payer.tenant);
    const whose = mode === "tenant" ? "tenant" : `user ${payer.userId}`;
    // Who may answer belongs to it: with another table of runtimes it is another question.
    const who = plan.targets.map(({ runtime, model }) => `${runtime.config.name} ${model}`).sort();
    const name = `fidus:cache:${seal.name(whose, String(cloud), call.endpoint, plan.model, JSON.stringify(who), call.raw)}`;
    return {
      limit: maxBytes,
      read: () => (wish.read ? this.#read(call.endpoint, name, seal) : Promise.resolve(null)),
      store: async (answer) => {
        if (!wish.store || answer.body.length > maxBytes || !this.#options.redis.ready()) return;
        try {
          await this.#options.redis.commands.set(name, seal.seal(name, packed(answer)), "EX", ttlSeconds);
        } catch (error) {
          this.#options.log.warn({ err: error }, "could not keep an answer");
        }
      },
    };
  }

  async #read(endpoint: Endpoint, name: string, seal: TenantSeal): Promise<KeptAnswer | null> {
    const { redis } = this.#options;
    const count = (result: "hit" | "miss" | "away"): void => this.#requests.inc({ endpoint, result });
    const sealed = redis.ready() ? await within(redis.commands.getBuffer(name), patienceMs) : away;
    if (sealed === away) return (count("away"), null);
    const opened = sealed === null ? null : seal.open(name, sealed);
    const answer = opened === null ? null : unpacked(opened);
    count(answer === null ? "miss" : "hit");
    if (answer === null) return null;
    this.#savedTokens.inc({ direction: "prompt" }, answer.usage.prompt);
    this.#savedTokens.inc({ direction: "completion" }, answer.usage.completion);
    return answer;
  }

  #sealOf(tenant: string): TenantSeal {
    const known = this.#seals.get(tenant);
    if (known !== undefined) return known;
    const made = new TenantSeal(this.#options.secret, tenant);
    this.#seals.set(tenant, made);
    return made;
  }
}

const away = Symbol("away");

async function within<T>(asked: Promise<T>, milliseconds: number): Promise<T | typeof away> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<typeof away>((resolve) => (timer = setTimeout(() => resolve(away), milliseconds)));
  try {
    return await Promise.race([asked.catch((): typeof away => away), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One line of JSON, then the bytes. */
function packed({ body, ...head }: KeptAnswer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), body]);
}

function unpacked(content: Buffer): KeptAnswer | null {
  const end = content.indexOf("\n");
  const head = tryJson(content.toString("utf8", 0, end)) as Omit<KeptAnswer, "body"> | null;
  return head === null ? null : { ...head, body: content.subarray(end + 1) };
}
