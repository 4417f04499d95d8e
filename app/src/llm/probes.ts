import { z } from "zod";
import type { LlmConfig } from "../config.ts";
import type { Db } from "../db/pool.ts";
import type { Logger } from "../log.ts";
import type { RedisBus } from "../redis.ts";
import type { LlmRuntime } from "../settings.ts";
import { readText, type Upstream } from "./upstream.ts";

export type ServiceState = "up" | "down" | "off";

/** State of what the app depends on. "off": not configured. */
export interface Services {
  readonly postgres: ServiceState;
  readonly redis: ServiceState;
  readonly llm: ServiceState;
}

/** What the last look at the runtime showed. */
export interface RuntimeState {
  readonly reachable: boolean;
  /** Model in memory; null: the runtime does not say. */
  readonly loaded: boolean | null;
  readonly tokensPerSecond: number | null;
  readonly models: readonly string[];
}

interface Parts {
  readonly config: LlmConfig;
  readonly upstream: Upstream;
  readonly db: Db;
  readonly redis: RedisBus | null;
  readonly log: Logger;
}

const away: RuntimeState = { reachable: false, loaded: null, tokensPerSecond: null, models: [] };

/** Looks at the dependencies in the background, so that readiness costs nothing and cannot be used to load them. */
export class Probes {
  readonly #parts: Parts;
  readonly #intervalMs: number;
  #services: Services;
  #runtime: RuntimeState = away;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(parts: Parts, intervalMs = 5_000) {
    this.#parts = parts;
    this.#intervalMs = intervalMs;
    this.#services = { postgres: "down", redis: parts.redis === null ? "off" : "down", llm: "down" };
  }

  /** Looks once, then again and again until stopped. Resolves after the first look. */
  async start(): Promise<void> {
    await this.#look();
    if (this.#stopped) return;
    const ready = this.#services.postgres === "up" && this.#services.llm === "up";
    // Not ready yet: look more often, a start should not wait for a timer.
    this.#timer = setTimeout(() => void this.start(), ready ? this.#intervalMs : Math.min(1_000, this.#intervalMs));
    this.#timer.unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  services(): Services {
    return this.#services;
  }

  runtime(): RuntimeState {
    return this.#runtime;
  }

  /** The model to use when the caller names none: the configured one, else the first the runtime lists. */
  get model(): string | null {
    return this.#parts.config.model ?? this.#runtime.models[0] ?? null;
  }

  async #look(): Promise<void> {
    const { db, redis, log } = this.#parts;
    const [postgres, redisState, runtime] = await Promise.all([
      state(db.query("SELECT 1"), this.#intervalMs),
      redis === null ? ("off" as const) : state(redis.ping(), this.#intervalMs),
      this.#lookAtRuntime().catch(() => away),
    ]);
    const next: Services = { postgres, redis: redisState, llm: runtime.reachable ? "up" : "down" };
    for (const name of ["postgres", "redis", "llm"] as const) {
      if (next[name] !== this.#services[name]) log.info({ service: name, state: next[name] }, "service state changed");
    }
    this.#services = next;
    this.#runtime = runtime;
  }

  async #lookAtRuntime(): Promise<RuntimeState> {
    const { config, upstream } = this.#parts;
    const signal = AbortSignal.timeout(5_000);
    if (config.runtime === "embedded") {
      const response = await upstream.own("/status", signal);
      const { loaded, tokensPerSecond, model, usable } = embeddedStatus.parse(JSON.parse(await readText(response)));
      return { reachable: usable, loaded, tokensPerSecond, models: [model] };
    }
    const loadedPath = loadedModels[config.runtime];
    const listed = await upstream.request({ method: "GET", path: "/models", signal, headersTimeout: 5_000 });
    const text = await readText(listed, 1024 * 1024);
    if (listed.statusCode !== 200) return away;
    const models = modelList.parse(JSON.parse(text)).data.map(({ id }) => id);
    const loaded = loadedPath === undefined ? null : await ollamaLoaded(upstream, loadedPath, signal);
    return { reachable: true, loaded, tokensPerSecond: null, models };
  }
}

const embeddedStatus = z.looseObject({
  model: z.string(),
  usable: z.boolean(),
  loaded: z.boolean(),
  tokensPerSecond: z.number().nullable(),
});
const modelList = z.looseObject({ data: z.array(z.looseObject({ id: z.string() })) });
const running = z.looseObject({ models: z.array(z.looseObject({})) });

/** Where a runtime tells which models are in memory. */
const loadedModels: Partial<Record<LlmRuntime, string>> = { ollama: "/api/ps", "ollama-native": "/api/ps" };

async function ollamaLoaded(upstream: Upstream, path: string, signal: AbortSignal): Promise<boolean | null> {
  try {
    const response = await upstream.own(path, signal);
    return running.parse(JSON.parse(await readText(response, 1024 * 1024))).models.length > 0;
  } catch {
    return null;
  }
}

/** A service that hangs is as useless as one that is gone, and must not hold the look at the others up. */
async function state(answer: Promise<unknown>, withinMs: number): Promise<ServiceState> {
  const seen = answer.then(
    () => "up" as const,
    () => "down" as const,
  );
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<"down">((resolve) => (timer = setTimeout(resolve, withinMs, "down")));
  return Promise.race([seen, late]).finally(() => clearTimeout(timer));
}
