import { parseEvidence } from "./evidence.ts";
import { parseDay, parseIncrease, parseMoney, parseRate, type CardOptions } from "./options.ts";
import { parseUsage } from "./usage.ts";

/** What a card is judged by, as it is typed. */
export interface GivenOptions {
  readonly budget?: string | undefined;
  readonly maxIncrease?: string | undefined;
  readonly rate: readonly string[];
  readonly usage?: string | undefined;
  readonly evidence?: string | undefined;
  readonly allowUnpriced: number;
  readonly allowDataLoss: readonly string[];
  readonly today?: string | undefined;
}

/** Reads options as they were typed; `read` gives the text of the file that an option names. Throws InvalidInputError. */
export async function readOptions(
  given: GivenOptions,
  read: (file: string, option: string) => Promise<string>,
): Promise<CardOptions> {
  const { budget, maxIncrease, rate, usage, evidence, allowUnpriced, allowDataLoss, today } = given;
  // The one clock: the core asks none.
  const now = new Date();
  return {
    today: today === undefined ? now.toISOString() : parseDay(today, "--today"),
    rates: new Map(rate.map((text) => parseRate(text, "--rate"))),
    allowUnpriced,
    allowDataLoss: new Set(allowDataLoss),
    ...(budget === undefined ? {} : { budget: parseMoney(budget, "--budget") }),
    ...(maxIncrease === undefined ? {} : { maxIncrease: parseIncrease(maxIncrease, "--max-increase") }),
    ...(usage === undefined ? {} : { usage: parseUsage(await read(usage, "--usage"), usage) }),
    ...(evidence === undefined ? {} : { evidence: parseEvidence(await read(evidence, "--evidence"), evidence, now) }),
  };
}
