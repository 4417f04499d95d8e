import { randomUUID } from "node:crypto";
import type { BudgetConfig } from "../config.ts";
import type { Db } from "../db/pool.ts";
import { AppError } from "../errors.ts";
import { Ticker } from "../jobs/ticker.ts";
import type { Admission, Candidate, Demand, Meter, Settlement, Usage } from "../llm/usage.ts";
import type { Logger } from "../log.ts";
import { ReservationsAhead } from "./ahead.ts";
import { createReserve, renewOwner, sweep, type Alert, type Call, type Caller, type Reservation } from "./ledger.ts";
import { formatUsd, type NanoUsd } from "./money.ts";
import { priceOf, type Price } from "./prices.ts";
import { SettleQueue } from "./settle-queue.ts";

/** A third of the time after which a process counts as dead. */
const renewEveryMs = 10_000;

/** Longest answer that is paid for when the caller names no length. */
const defaultCompletionTokens = 4_096;

interface BudgetMeterOptions {
  readonly config: BudgetConfig;
  readonly db: Db;
  readonly log: Logger;
  /** False: what keeps runaway callers in check is away, so that nothing may cost money. */
  readonly limitsWork: () => boolean;
  /** Told what each answer cost, by the runtime's name. @default nobody */
  readonly charged?: (runtime: string, amount: NanoUsd) => void;
}

const free: Price = { input: 0, output: 0 };

/**
 * Admits what the budgets pay for. Money is reserved before the call, for the dearest of those who may answer, and settled
 * after it, off the response's path. What a dead process has reserved is settled by the others.
 */
export class BudgetMeter implements Meter {
  readonly #options: BudgetMeterOptions;
  readonly #owner = randomUUID();
  readonly #reserve: (call: Call) => Promise<Reservation>;
  readonly #ahead: ReservationsAhead;
  readonly #queue: SettleQueue;
  readonly #ticker: Ticker;
  /** One process's sweep may name an alert that another one's settlement crossed: all go through here. */
  readonly #announce = (alerts: readonly Alert[]): void => {
    for (const { kind, subject, spent } of alerts) {
      this.#options.log.warn({ kind, subject, spentUsd: formatUsd(Number(spent)) }, "a budget reached its alert");
    }
  };

  constructor(options: BudgetMeterOptions) {
    const { db, config, log } = options;
    this.#options = options;
    this.#reserve = createReserve(db, this.#owner, config.tenantCap);
    this.#ahead = new ReservationsAhead({ db, log, owner: this.#owner, tenantCap: config.tenantCap });
    this.#queue = new SettleQueue({ db, log, tenantAlert: config.tenantAlert, announce: this.#announce });
    this.#ticker = new Ticker(renewEveryMs, async () => {
      try {
        await renewOwner(db, this.#owner);
        this.#announce(await sweep(db, config.tenantAlert));
      } catch (error) {
        log.warn({ err: error }, "could not renew or sweep reservations; next attempt in 10 s");
      }
    });
  }

  /** Begins to show signs of life, and to settle what others left behind. */
  start(): void {
    this.#ticker.start();
  }

  /** Gives back what was reserved and not used, and writes what is still to be settled. */
  async close(): Promise<void> {
    this.#ticker.stop();
    await this.#ahead.close();
    await this.#queue.close();
  }

  async admit(asked: Demand): Promise<Admission> {
    const { maxOutputTokens } = this.#options.config;
    const demand =
      maxOutputTokens === null ? asked : { ...asked, maxTokens: Math.min(asked.maxTokens ?? Infinity, maxOutputTokens) };
    const priced = demand.candidates.map((candidate) => ({ candidate, price: this.#priceOf(candidate) }));
    const costless = priced.filter(({ price }) => price === free).map(({ candidate }) => candidate);
    const caller = callerOf(demand);
    if (costless.length === demand.candidates.length) return this.#admitFree(demand, caller, costless);
    if (!this.#options.limitsWork()) {
      if (costless.length > 0) return this.#admitFree(demand, caller, costless);
      throw new AppError("budget_closed", { retryAfter: 5 });
    }
    const inputPrice = Math.max(...priced.map(({ price }) => price.input));
    const outputPrice = Math.max(...priced.map(({ price }) => price.output));
    const completionLimit = demand.endpoint === "embeddings" ? 0 : (demand.maxTokens ?? defaultCompletionTokens);
    const call = {
      ...caller,
      inputPrice,
      outputPrice,
      // No token is less than a byte. The estimate counts three UTF-16 units for one, and none of them is more than three bytes.
      promptLimit: Math.min(demand.promptBytes, demand.promptTokens * 9),
      promptEstimate: demand.promptTokens,
      completionLimit,
      choices: demand.choices,
    };
    const reservation = this.#ahead.take(call) ?? (await this.#reserve(call));
    if ("exhausted" in reservation) {
      if (costless.length > 0) return this.#admitFree(demand, caller, costless);
      throw new AppError("budget_exhausted", { message: `The budget of this ${reservation.exhausted} is used up.` });
    }
    const { id, granted } = reservation;
    return {
      candidates: demand.candidates,
      maxTokens: completionLimit === 0 ? null : granted,
      settle: ({ candidate, outcome, usage }: Settlement): void => {
        const price = candidate === null ? free : this.#priceOf(candidate);
        const entry = {
          id,
          model: candidate?.model ?? demand.model,
          inputPrice: price.input,
          outputPrice: price.output,
          usage,
          outcome,
        };
        this.#queue.paid(entry);
        if (candidate !== null) {
          const cost = usage.prompt * price.input + usage.completion * price.output;
          this.#options.charged?.(candidate.runtime, cost);
        }
      },
    };
  }

  cached(call: CallerOf, { model }: Candidate, usage: Usage): void {
    this.#queue.free({ ...callerOf(call), id: randomUUID(), model, inputPrice: 0, outputPrice: 0, usage, outcome: "cached" });
  }

  #admitFree(demand: Demand, caller: Caller, candidates: readonly Candidate[]): Admission {
    return {
      candidates,
      maxTokens: demand.endpoint === "embeddings" ? null : demand.maxTokens,
      settle: ({ candidate, outcome, usage }): void => {
        const model = candidate?.model ?? demand.model;
        this.#queue.free({ ...caller, id: randomUUID(), model, inputPrice: 0, outputPrice: 0, usage, outcome });
      },
    };
  }

  #priceOf({ model, cloud }: Candidate): Price {
    return priceOf(this.#options.config.prices, model, cloud) ?? free;
  }
}

type CallerOf = Pick<Demand, "userId" | "keyId" | "tenant" | "endpoint" | "model" | "feature">;

function callerOf({ userId, keyId, tenant, endpoint, model, feature }: CallerOf): Caller {
  return { userId, keyId, tenant, feature: feature ?? (keyId === null ? "page" : endpoint), model };
}
