import type { Db } from "../db/pool.ts";
import { Ticker } from "../jobs/ticker.ts";
import type { Logger } from "../log.ts";
import type { DataKeys } from "../privacy/data-keys.ts";
import type { Sealer } from "../privacy/seal.ts";
import type { RedisBus } from "../redis.ts";
import { GrowingAnswer, type AnswerEnd } from "./growing-answer.ts";
import { PieceRelay } from "./piece-relay.ts";
import { failAbandoned, leaseSeconds, readAnswers, renewLeases, type StoredAnswer } from "./answer-rows.ts";

/** Writers renew twice within the lease; a reader of a dead one is told at most 1 s after it ended. */
const renewEveryMs = 2_000;
const lookEveryMs = 1_000;

/** An answer that this replica writes. */
export interface Written {
  readonly answer: GrowingAnswer;
  /** Of the person whose answer it is. */
  readonly sealer: Sealer;
  /** Ends the writing when the row is ours no longer: deleted with its conversation, or given up for dead. */
  readonly stop: () => void;
}

/** An answer that this replica reads for its callers while another one writes it. */
interface Followed {
  readonly answer: GrowingAnswer;
  readers: number;
  readonly leave: () => void;
}

/**
 * The answers that grow on this replica, and those of other replicas that it reads along. PostgreSQL is the truth: writers keep
 * text and lease there, readers look there once a second. Redis only brings the pieces sooner.
 */
export class Answers {
  readonly #db: Db;
  readonly #dataKeys: DataKeys;
  readonly #log: Logger;
  readonly #relay: PieceRelay | null;
  readonly #written = new Map<string, Written>();
  readonly #followed = new Map<string, Followed>();
  readonly #renewal: Ticker;
  readonly #look: Ticker;
  #seenSince = performance.now();

  constructor({ db, dataKeys, redis, log }: { db: Db; dataKeys: DataKeys; redis: RedisBus | null; log: Logger }) {
    this.#db = db;
    this.#dataKeys = dataKeys;
    this.#log = log;
    this.#relay = redis && new PieceRelay(redis, this.#written);
    this.#renewal = new Ticker(renewEveryMs, () => this.#renew());
    this.#look = new Ticker(lookEveryMs, () => this.#lookAround());
  }

  start(): void {
    this.#renewal.start();
    this.#look.start();
  }

  stop(): void {
    this.#renewal.stop();
    this.#look.stop();
  }

  /** Opens an answer that this replica writes; `stop` is called when its row is ours no longer. */
  open(messageId: string, sealer: Sealer, stop: () => void): GrowingAnswer {
    const answer = new GrowingAnswer();
    this.#written.set(messageId, { answer, sealer, stop });
    return answer;
  }

  /** Ends a written answer, once its row is closed. */
  close(messageId: string, end: AnswerEnd): void {
    const written = this.#written.get(messageId);
    this.#written.delete(messageId);
    written?.answer.finish(end);
    this.#relay?.ended(messageId);
  }

  /** The answer, wherever it is written or was written; `leave` when it is read no longer. null: there is no such answer. */
  async follow(messageId: string): Promise<{ readonly answer: GrowingAnswer; readonly leave: () => void } | null> {
    const here = this.#written.get(messageId);
    if (here !== undefined) return { answer: here.answer, leave: () => undefined };
    const stored = (await readAnswers(this.#db, this.#dataKeys, [messageId])).get(messageId);
    if (stored === undefined) return null;
    const followed = this.#followed.get(messageId) ?? this.#begin(messageId);
    followed.readers += 1;
    this.#take(messageId, followed.answer, stored);
    return { answer: followed.answer, leave: () => this.#leave(messageId, followed) };
  }

  #begin(messageId: string): Followed {
    const answer = new GrowingAnswer();
    const leave = this.#relay?.follow(messageId, answer, () => void this.#lookAt([messageId])) ?? (() => undefined);
    const followed = { answer, readers: 0, leave };
    this.#followed.set(messageId, followed);
    return followed;
  }

  #leave(messageId: string, followed: Followed): void {
    followed.readers -= 1;
    if (followed.readers > 0) return;
    this.#followed.delete(messageId);
    followed.leave();
  }

  /** One statement for all: text so far and a new lease. */
  async #renew(): Promise<void> {
    const written = [...this.#written];
    if (written.length === 0) return;
    try {
      const ours = await renewLeases(
        this.#db,
        written.map(([id, { answer, sealer }]) => ({ id, text: answer.text, sealer })),
      );
      for (const [id, { stop }] of written) if (!ours.has(id)) stop();
    } catch (error) {
      this.#log.warn({ err: error }, "could not save answers");
    }
  }

  async #lookAround(): Promise<void> {
    try {
      // While PostgreSQL was away nobody could renew: a lease counts only when it was there all the time.
      const seenFor = performance.now() - this.#seenSince;
      const abandoned = seenFor < leaseSeconds * 1000 ? 0 : await failAbandoned(this.#db);
      if (abandoned > 0) this.#log.warn({ abandoned }, "answers whose writer is gone were ended");
      await this.#lookAt([...this.#followed.keys()]);
    } catch (error) {
      this.#seenSince = performance.now();
      this.#log.warn({ err: error }, "could not look after answers");
    }
  }

  async #lookAt(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    const rows = await readAnswers(this.#db, this.#dataKeys, ids);
    for (const id of ids) {
      const answer = this.#followed.get(id)?.answer;
      if (answer !== undefined && answer.end === null) this.#take(id, answer, rows.get(id) ?? deleted);
    }
  }

  #take(id: string, answer: GrowingAnswer, { text, end }: StoredAnswer): void {
    answer.merge(0, text);
    if (end !== null) answer.finish(end);
    else this.#relay?.want(id, answer);
  }
}

const deleted: StoredAnswer = {
  text: "",
  end: { event: "error", data: { code: "not_found", message: "The conversation was deleted." } },
};
