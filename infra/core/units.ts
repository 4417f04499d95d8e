/** A size on disk, decimal: `40 GB`. */
export type Size = `${number} ${keyof typeof sizeUnits}`;
/** A length of time: `60 s`, `30 days`. */
export type Duration = `${number} ${keyof typeof durationUnits}`;
/** An amount of money: `100 EUR`, `99.50 USD`. */
export type Money = `${number} ${(typeof currencies)[number]}`;

const sizeUnits = { GB: 1, TB: 1000 } as const;
const durationUnits = { s: 1, min: 60, h: 3600, days: 86_400 } as const;
const currencies = ["EUR", "USD"] as const;

/** Gigabytes of 10⁹ bytes. */
export function gigabytes(size: Size): number {
  return inUnits(sizeUnits, size) ?? Number.NaN;
}

export function seconds(duration: Duration): number {
  return inUnits(durationUnits, duration) ?? Number.NaN;
}

/** The amount in hundredths, so that sums stay whole. */
export function cents(money: Money): { readonly cents: number; readonly currency: string } {
  const [amount = "", currency = ""] = money.split(" ");
  return { cents: Math.round(Number(amount) * 100), currency };
}

export function isSize(text: string): text is Size {
  return inUnits(sizeUnits, text) !== undefined;
}

export function isDuration(text: string): text is Duration {
  return inUnits(durationUnits, text) !== undefined;
}

export function isMoney(text: string): text is Money {
  return new RegExp(`^(0|[1-9]\\d{0,8})(\\.\\d\\d)? (${currencies.join("|")})$`).test(text);
}

/** One spelling only: a whole number above zero, one space, the unit. undefined for anything else. */
function inUnits(units: Readonly<Record<string, number>>, text: string): number | undefined {
  const [, amount = "", unit = ""] = /^([1-9]\d{0,8}) ([A-Za-z]+)$/.exec(text) ?? [];
  return Object.hasOwn(units, unit) ? Number(amount) * (units[unit] ?? Number.NaN) : undefined;
}
