/** Runs a job at once and then every `intervalMs` after the last run ended: never twice at a time. */
export class Ticker {
  readonly #intervalMs: number;
  readonly #job: () => Promise<void>;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  /** The job must not throw. */
  constructor(intervalMs: number, job: () => Promise<void>) {
    this.#intervalMs = intervalMs;
    this.#job = job;
  }

  start(): void {
    void this.#job().finally(() => {
      if (!this.#stopped) this.#timer = setTimeout(() => this.start(), this.#intervalMs);
    });
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }
}
