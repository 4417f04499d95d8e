import type { Db } from "../db/pool.ts";
import type { Logger } from "../log.ts";
import type { RedisBus } from "../redis.ts";
import { away, type RuntimeState } from "./adapters/adapter.ts";
import type { Gateway } from "./gateway.ts";

export type ServiceState = "up" | "down" | "off";

/** State of what the app depends on. "off": not configured. */
export interface Services {
  readonly postgres: ServiceState;
  readonly redis: ServiceState;
  readonly llm: ServiceState;
}

interface Parts {
  readonly gateway: Pick<Gateway, "runtimes" | "planner">;
  readonly db: Db;
  readonly redis: RedisBus | null;
  readonly log: Logger;
}

/** Looks at the dependencies in the background, so that readiness costs nothing and cannot be used to load them. */
export class Probes {
  readonly #parts: Parts;
  readonly #intervalMs: number;
  #services: Services;
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

  /** The first reachable runtime of the configuration, else the first. */
  runtime(): RuntimeState {
    const states = this.#parts.gateway.runtimes.map(({ state }) => state);
    return states.find(({ reachable }) => reachable) ?? states[0] ?? away;
  }

  /** The model to use when the caller names none. */
  get model(): string | null {
    return this.#parts.gateway.planner.defaultModel;
  }

  async #look(): Promise<void> {
    const { db, redis, log, gateway } = this.#parts;
    const [postgres, redisState] = await Promise.all([
      // Without its tables a database is of no use.
      state(db.query("SELECT 1 FROM schema_migrations LIMIT 1"), this.#intervalMs),
      redis === null ? ("off" as const) : state(redis.ping(), this.#intervalMs),
      ...gateway.runtimes.map((runtime) => runtime.look()),
    ]);
    const next: Services = { postgres, redis: redisState, llm: this.runtime().reachable ? "up" : "down" };
    for (const name of ["postgres", "redis", "llm"] as const) {
      if (next[name] !== this.#services[name]) log.info({ service: name, state: next[name] }, "service state changed");
    }
    this.#services = next;
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
