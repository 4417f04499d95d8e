import Big from "big.js";

/** Currencies of the vendors' price lists. */
export type Currency = "EUR" | "USD";

/** An amount or a quantity, exact: floats lose cents. */
export type Amount = Big;

const written = /^-?\d+(\.\d+)?$/;

/** The number as written; null for anything that is no decimal number. */
export function amount(value: unknown): Amount | null {
  const text = typeof value === "number" ? new Big(Number.isFinite(value) ? value : 0).toFixed() : value;
  if (typeof value === "number" && !Number.isFinite(value)) return null;
  return typeof text === "string" && written.test(text) ? new Big(text) : null;
}

export const zero: Amount = new Big(0);

export function sum(amounts: readonly Amount[]): Amount {
  return amounts.reduce((total, each) => total.plus(each), zero);
}

/** Every digit, no exponent: how JSON carries money. */
export function exact(value: Amount): string {
  return value.toFixed();
}

/** Cents for people, rounded half up once: `1,234.50`. */
export function rounded(value: Amount | string): string {
  const [whole = "0", cents = "00"] = new Big(value).toFixed(2, Big.roundHalfUp).split(".");
  return `${whole.replace(/^-0$/, cents === "00" ? "0" : "-0").replaceAll(/\B(?=(\d{3})+$)/g, ",")}.${cents}`;
}

/** As `rounded`, with a sign: `+4.00`, `-4.00`, `±0.00`. */
export function signed(value: Amount | string): string {
  const text = rounded(value);
  if (/^-?[0.]+$/.test(text)) return "±0.00";
  return text.startsWith("-") ? text : `+${text}`;
}
