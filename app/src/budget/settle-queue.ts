import { isDataException, type Db } from "../db/pool.ts";
import type { Logger } from "../log.ts";
import { recordFree, release, settle, type Alert, type Caller, type LedgerEntry } from "./ledger.ts";
import type { NanoUsd } from "./money.ts";

interface SettleQueueOptions {
  readonly db: Db;
  readonly log: Logger;
  readonly tenantAlert: NanoUsd | null;
  readonly announce: (alerts: readonly Alert[]) => void;
}

/** Long enough to gather what ends together, short enough that a page of usage looks current. */
const gatherMs = 25;
const retryMs = 1_000;
const batchSize = 500;
/** Entries without money that are kept while the database is away; entries with money are bounded by what was reserved. */
const freeLimit = 20_000;

/**
 * Writes ledger entries in batches, off the path of the answers. What a crash loses here is settled at the estimate by the
 * sweep: the reservation is still there.
 */
export class SettleQueue {
  readonly #options: SettleQueueOptions;
  #paid: LedgerEntry[] = [];
  #free: (LedgerEntry & Caller)[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: SettleQueueOptions) {
    this.#options = options;
  }

  paid(entry: LedgerEntry): void {
    this.#paid.push(entry);
    this.#schedule(gatherMs);
  }

  free(entry: LedgerEntry & Caller): void {
    if (this.#free.length >= freeLimit) return;
    this.#free.push(entry);
    this.#schedule(gatherMs);
  }

  /** Writes what is left; gives up on a database that is away, the sweep will see to it. */
  async close(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    await this.#writing;
    while (this.#paid.length + this.#free.length > 0 && (await this.#write()));
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  #schedule(ms: number): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#writing = this.#writing.then(async () => {
        const written = await this.#write();
        if (this.#paid.length + this.#free.length > 0) this.#schedule(written ? 0 : retryMs);
      });
    }, ms);
  }

  /** One batch of each. False: it is back in the queue. */
  async #write(): Promise<boolean> {
    const { db, tenantAlert, announce } = this.#options;
    const paid = this.#paid.splice(0, batchSize);
    const free = this.#free.splice(0, batchSize);
    try {
      if (paid.length > 0) announce(await settle(db, paid, tenantAlert));
      paid.length = 0;
      if (free.length > 0) await recordFree(db, free);
      return true;
    } catch (error) {
      if (isDataException(error)) return this.#oneByOne(paid, free);
      return this.#putBack(paid, free, error);
    }
  }

  /** To be tried again. */
  #putBack(paid: readonly LedgerEntry[], free: readonly (LedgerEntry & Caller)[], error: unknown): false {
    const { log } = this.#options;
    log.warn({ err: error, entries: paid.length + free.length }, "could not settle usage; trying again");
    this.#paid.unshift(...paid);
    this.#free.unshift(...free);
    return false;
  }

  /** An entry that the database cannot read must not keep the others: it is given up, and its reservation given back. */
  async #oneByOne(paid: LedgerEntry[], free: (LedgerEntry & Caller)[]): Promise<boolean> {
    const { db, log, tenantAlert, announce } = this.#options;
    const all = [
      ...paid.map((entry) => ({ entry, write: async () => announce(await settle(db, [entry], tenantAlert)) })),
      ...free.map((entry) => ({ entry, write: () => recordFree(db, [entry]) })),
    ];
    for (const { entry, write } of all) {
      try {
        await write();
      } catch (error) {
        if (!isDataException(error)) return this.#putBack(paid, free, error);
        log.error({ err: error, id: entry.id }, "usage that cannot be written is given up");
        await release(db, [entry.id]).catch(() => {});
      }
    }
    return true;
  }
}
