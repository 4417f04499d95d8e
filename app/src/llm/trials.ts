import { createHash } from "node:crypto";
import type { Queryable } from "../db/pool.ts";
import { Ticker } from "../jobs/ticker.ts";
import type { Logger } from "../log.ts";

/** An A/B test: of those who ask for the model `name`, `percent` get `other`. */
export interface Trial {
  readonly name: string;
  readonly other: string;
  readonly percent: number;
}

/** How long a change takes to reach the other replicas, at most. */
const rereadMs = 10_000;

/** The running A/B tests, kept in memory: choosing costs no round trip. */
export class Trials {
  readonly #db: Queryable;
  readonly #ticker: Ticker;
  #trials: ReadonlyMap<string, Trial> = new Map();

  constructor(db: Queryable, log: Logger) {
    this.#db = db;
    this.#ticker = new Ticker(rereadMs, async () => {
      try {
        await this.reread();
      } catch (error) {
        log.warn({ err: error }, "could not read the model trials; going on with those of before");
      }
    });
  }

  start(): void {
    this.#ticker.start();
  }

  stop(): void {
    this.#ticker.stop();
  }

  async reread(): Promise<void> {
    const { rows } = await this.#db.query<Trial>("SELECT name, other, percent FROM model_trials ORDER BY name");
    this.#trials = new Map(rows.map((trial) => [trial.name, trial]));
  }

  list(): Trial[] {
    return [...this.#trials.values()];
  }

  /** The model this person gets who asks for `model`; the same one each time. Null stays null: the caller names none. */
  choose(model: string | null, userId: string): string | null {
    const trial = model === null ? undefined : this.#trials.get(model);
    if (trial === undefined) return model;
    const bucket = createHash("sha256").update(`${trial.name}\0${userId}`).digest().readUInt32BE() % 100;
    return bucket < trial.percent ? trial.other : trial.name;
  }
}
