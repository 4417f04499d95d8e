import type { Logger } from "../log.ts";
import { away, type Adapter, type RuntimeState } from "./adapters/adapter.ts";
import { adapters } from "./adapters/index.ts";
import { Breaker } from "./breaker.ts";
import type { RuntimeConfig } from "./config.ts";
import { Gate } from "./gate.ts";
import { Upstream } from "./upstream.ts";

/** Weight of the latest answer in the smoothed time to the first byte. */
const latestShare = 0.3;
/** Looks at a paid service, which also would see each of them. */
const cloudLookMs = 60_000;
const lookTimeoutMs = 5_000;

/** One configured runtime: its connections, its places, its breaker, and what the last look showed. */
export class Runtime {
  readonly config: RuntimeConfig;
  readonly adapter: Adapter;
  readonly upstream: Upstream;
  readonly gate: Gate;
  readonly breaker = new Breaker();
  readonly #log: Logger;
  #state: RuntimeState = away;
  #lookedAt = -Infinity;
  #looked = false;
  #latencyMs: number | null = null;

  constructor(config: RuntimeConfig, log: Logger) {
    this.config = config;
    this.adapter = adapters[config.kind];
    // A few more than places: the looks must get through when all are taken.
    this.upstream = new Upstream({ ...config, connections: config.concurrency + 4 });
    this.gate = new Gate(config);
    this.#log = log;
  }

  get state(): RuntimeState {
    return this.#state;
  }

  /** Milliseconds to the first byte, smoothed; null: nothing was answered yet. */
  get latencyMs(): number | null {
    return this.#latencyMs;
  }

  get load(): number {
    return this.gate.load;
  }

  get usable(): boolean {
    return this.#state.reachable && this.breaker.state !== "open";
  }

  answeredIn(milliseconds: number): void {
    const before = this.#latencyMs ?? milliseconds;
    this.#latencyMs = before + latestShare * (milliseconds - before);
  }

  /** Looks whether it is there and what it offers; loads its models when it came up. Never throws. */
  async look(): Promise<void> {
    const before = this.#state.reachable;
    if (this.config.cloud && before && performance.now() - this.#lookedAt < cloudLookMs) return;
    this.#lookedAt = performance.now();
    let why: unknown = null;
    this.#state = await this.adapter.look(this.upstream, AbortSignal.timeout(lookTimeoutMs)).catch((error: unknown) => {
      why = error;
      return away;
    });
    const first = !this.#looked;
    this.#looked = true;
    if (first && why !== null)
      this.#log.warn({ err: why, runtime: this.config.name, kind: this.config.kind }, "the runtime is away");
    if (this.#state.reachable === before) return;
    this.#log.info({ runtime: this.config.name, reachable: !before }, "runtime state changed");
    if (!before) void this.#warmUp();
  }

  async #warmUp(): Promise<void> {
    const { warmUp } = this.adapter;
    if (warmUp === undefined) return;
    for (const model of this.config.warmUp) {
      const started = performance.now();
      try {
        await warmUp(this.upstream, model, AbortSignal.timeout(600_000));
        this.#log.info({ runtime: this.config.name, model, ms: Math.round(performance.now() - started) }, "model loaded");
      } catch (error) {
        this.#log.warn({ err: error, runtime: this.config.name, model }, "could not load the model beforehand");
      }
    }
  }
}
