import { InvalidInputError } from "../../infra/core/errors.ts";
import { amount, type Amount, type Currency } from "../money.ts";
import type { Plan } from "../plan/read.ts";
import type { Evidence } from "./evidence.ts";
import type { Usage } from "./usage.ts";

export interface MoneyAmount {
  readonly amount: Amount;
  readonly currency: Currency;
}

/** Share of the bill before. */
export interface Percent {
  readonly percent: Amount;
}

/** How a plan is judged. */
export interface CardOptions {
  /** Day of the prices, ISO date or time; the core asks no clock. */
  readonly today: string;
  /** Another plan of the same stack, which `before` is taken from. @default what is deployed */
  readonly base?: Plan;
  /** What the card calls that plan. @default "the plan of --base" */
  readonly baseName?: string;
  /** Most that the stack may cost a month. @default no limit */
  readonly budget?: MoneyAmount;
  /** Most that the plan may add a month. @default no limit */
  readonly maxIncrease?: MoneyAmount | Percent;
  /** Worth of one unit of a currency in another: `USD/EUR` → 0.92. @default none, and amounts stay apart */
  readonly rates?: ReadonlyMap<string, Amount>;
  /** Figures for what is billed by use. @default none */
  readonly usage?: Usage;
  /** Proofs of backups. @default none */
  readonly evidence?: readonly Evidence[];
  /** So many resources and generators may be without a price before a limit counts as not kept. @default 0 */
  readonly allowUnpriced?: number;
  /** URNs whose data may be lost. @default none */
  readonly allowDataLoss?: ReadonlySet<string>;
  /** Exit code of the engine's preview; null when it was recorded. @default null */
  readonly engineExit?: number | null;
}

const money = /^(\d{1,15}(?:\.\d{1,15})?) ?(EUR|USD)$/;

/** `200EUR`, `99.50 USD`. Throws InvalidInputError; `path` is the option in the message, `fix` what repairs it. */
export function parseMoney(text: string, path: string, fix = `${path} 200EUR`): MoneyAmount {
  const [, digits, currency] = money.exec(text) ?? [];
  const value = amount(digits);
  if (value === null) throw wrong(path, text, "an amount in EUR or USD", fix);
  return { amount: value, currency: currency as Currency };
}

/** `20EUR` or `10%`. */
export function parseIncrease(text: string, path: string): MoneyAmount | Percent {
  const percent = amount(/^(\d{1,15}(?:\.\d{1,15})?)%$/.exec(text)?.[1]);
  if (percent !== null) return { percent };
  if (!money.test(text)) throw wrong(path, text, "an amount in EUR or USD, or a percentage", `${path} 20EUR, or ${path} 10%`);
  return parseMoney(text, path);
}

/** `USD/EUR=0.92`: one dollar is worth 0.92 euro. */
export function parseRate(text: string, path: string): readonly [pair: string, rate: Amount] {
  const [, from, to, digits] = /^(EUR|USD)\/(EUR|USD)=(\d{1,15}(?:\.\d{1,15})?)$/.exec(text) ?? [];
  const rate = amount(digits);
  if (from === to || rate === null || rate.eq(0)) throw wrong(path, text, "FROM/TO=rate", `${path} USD/EUR=0.92`);
  return [`${from}/${to}`, rate];
}

/** A date, or a time with a zone. The clock of JavaScript would make 2 March of 30 February. */
export function parseDay(text: string, path: string): string {
  const [day = ""] = text.split("T", 1);
  const real = !Number.isNaN(Date.parse(day)) && new Date(day).toISOString().startsWith(day);
  const ok =
    real && /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(Date.parse(text));
  if (!ok) throw wrong(path, text, "a date such as 2026-11-21", `${path} 2026-11-21`);
  return text;
}

export function wrong(path: string, got: unknown, rule: string, fix: string): InvalidInputError {
  return new InvalidInputError("the card cannot be made", [{ path, got, rule, fix }]);
}
