import { Pace } from "./pace.ts";

/** So many questions within the last 100 to 200 ms make a name busy: some 50 a second. */
const busyFrom = 10;
/** More names than that are forgotten all together. */
const mostNames = 10_000;

interface Entry<T> {
  readonly pace: Pace;
  value: T;
  until: number;
}

/**
 * Keeps for a moment what is asked for all the time. A name that is asked for now and then is never answered from here: whoever
 * changes something and looks sees the change.
 */
export class BusyCache<T> {
  readonly #entries = new Map<string, Entry<T>>();

  /** What was kept for a busy name, else undefined. */
  get(name: string): T | undefined {
    const entry = this.#entries.get(name);
    if (entry === undefined) return undefined;
    const now = performance.now();
    entry.pace.count(now);
    return now < entry.until && entry.pace.recent(now) >= busyFrom ? entry.value : undefined;
  }

  /** @param until of `performance.now()`: from then on it is too old */
  set(name: string, value: T, until: number): void {
    const known = this.#entries.get(name);
    if (known !== undefined) {
      known.value = value;
      known.until = until;
      return;
    }
    if (this.#entries.size >= mostNames) this.#entries.clear();
    this.#entries.set(name, { pace: new Pace(), value, until });
  }
}
