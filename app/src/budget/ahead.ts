import { randomUUID } from "node:crypto";
import type { Queryable } from "../db/pool.ts";
import type { Logger } from "../log.ts";
import { Pace } from "../pace.ts";
import { release, reserveAhead, type Call } from "./ledger.ts";
import type { NanoUsd } from "./money.ts";

/** So many calls of one kind within the last 100 to 200 ms are worth reserving ahead for. */
const busyFrom = 10;
/** A process that is killed leaves no more than that behind for calls that never came. */
const mostAhead = 50;
/** What is not used by then is given back; so long a budget that was lowered is not yet felt. */
const usableMs = 500;
const retryMs = 1_000;

interface AheadOptions {
  readonly db: Queryable;
  readonly log: Logger;
  readonly owner: string;
  readonly tenantCap: NanoUsd | null;
}

/** Reservations for one kind of call. */
interface Shelf {
  readonly pace: Pace;
  readonly ready: { readonly id: string; readonly until: number }[];
  fetching: boolean;
}

/**
 * Reservations made before their calls come, where calls of one kind come all the time: admitting one then costs no round trip.
 * Each is a reservation like any other, so that a process that dies leaves no call behind that nobody knows of. Near the end of a
 * budget the database grants none, and every call asks for itself.
 */
export class ReservationsAhead {
  readonly #options: AheadOptions;
  readonly #shelves = new Map<string, Shelf>();
  readonly #open = new Set<Promise<void>>();
  #unused: string[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(options: AheadOptions) {
    this.#options = options;
  }

  /** A reservation that covers this call; null: there is none. */
  take(call: Call): { readonly id: string; readonly granted: number } | null {
    const promptLimit = upToPowerOfTwo(call.promptLimit);
    const shelf = this.#shelfOf(call, promptLimit);
    const now = performance.now();
    shelf.pace.count(now);
    this.#putBack(shelf, now);
    const found = shelf.ready.shift();
    const recent = shelf.pace.recent(now);
    if (recent >= busyFrom && !shelf.fetching) {
      const wanted = Math.min(mostAhead, Math.floor(recent / 2));
      if (shelf.ready.length <= wanted / 2) this.#fetch(shelf, { ...call, promptLimit }, wanted);
    }
    return found === undefined ? null : { id: found.id, granted: call.completionLimit };
  }

  /** Gives back what is left; gives up on a database that is away, the sweep will see to it. */
  async close(): Promise<void> {
    await Promise.all(this.#open);
    for (const shelf of this.#shelves.values()) this.#putBack(shelf, Infinity);
    this.#shelves.clear();
    await this.#release();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  /** Prompts of about the same size are one kind. */
  #shelfOf(call: Call, promptLimit: number): Shelf {
    const { userId, keyId, tenant, feature, model, inputPrice, outputPrice, completionLimit, choices } = call;
    const kind = `${userId} ${keyId} ${tenant} ${feature} ${model} ${inputPrice} ${outputPrice} ${promptLimit} ${completionLimit} ${choices}`;
    const known = this.#shelves.get(kind);
    if (known !== undefined) return known;
    const made = { pace: new Pace(), ready: [], fetching: false };
    this.#shelves.set(kind, made);
    this.#schedule(usableMs);
    return made;
  }

  #fetch(shelf: Shelf, call: Call, count: number): void {
    const { db, log, owner, tenantCap } = this.#options;
    shelf.fetching = true;
    const ids = Array.from({ length: count }, () => randomUUID());
    const until = performance.now() + usableMs;
    const work = reserveAhead(db, owner, tenantCap, call, ids)
      .then(
        (granted) => {
          for (const id of granted) shelf.ready.push({ id, until });
          this.#schedule(usableMs);
        },
        (error: unknown) => {
          log.warn({ err: error }, "could not reserve ahead; each call asks for itself");
          // It may have been done all the same.
          this.#unused.push(...ids);
          this.#schedule(retryMs);
        },
      )
      .finally(() => {
        shelf.fetching = false;
        this.#open.delete(work);
      });
    this.#open.add(work);
  }

  /** Takes what is too old from the shelf. */
  #putBack(shelf: Shelf, now: number): void {
    for (let [first] = shelf.ready; first !== undefined && first.until <= now; [first] = shelf.ready) {
      this.#unused.push(first.id);
      shelf.ready.shift();
    }
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      const now = performance.now();
      for (const [kind, shelf] of this.#shelves) {
        this.#putBack(shelf, now);
        if (shelf.ready.length === 0 && !shelf.fetching && shelf.pace.recent(now) === 0) this.#shelves.delete(kind);
      }
      void this.#release();
    }, ms);
  }

  async #release(): Promise<void> {
    const ids = this.#unused.splice(0);
    try {
      if (ids.length > 0) await release(this.#options.db, ids);
      if (this.#shelves.size > 0) this.#schedule(usableMs);
    } catch (error) {
      this.#options.log.warn({ err: error, reservations: ids.length }, "could not give reservations back; trying again");
      this.#unused.push(...ids);
      this.#schedule(retryMs);
    }
  }
}

function upToPowerOfTwo(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}
