/** Length of the span that a pace is taken of. */
const spanMs = 100;

/** How often something happened of late: in the last 100 to 200 ms, from two counters and no list. Times: `performance.now()`. */
export class Pace {
  #span = 0;
  #here = 0;
  #before = 0;

  /** Counts one more. */
  count(now: number): void {
    this.#turn(now);
    this.#here++;
  }

  /** How many there were. */
  recent(now: number): number {
    this.#turn(now);
    return this.#before + this.#here;
  }

  #turn(now: number): void {
    const span = Math.floor(now / spanMs);
    if (span === this.#span) return;
    this.#before = span === this.#span + 1 ? this.#here : 0;
    this.#here = 0;
    this.#span = span;
  }
}
