/** Whole nano-USD: a billionth of a dollar. Prices per million tokens stay exact, and nine million dollars fit a safe integer. */
export type NanoUsd = number;

const perUsd = 1_000_000_000;

/** Nano-USD of an amount in USD such as "50" or "0.25"; null when it is none, or finer than a nano-USD. */
export function parseUsd(text: string): NanoUsd | null {
  const [, whole, fraction = ""] = /^(\d{1,6})(?:\.(\d{1,9}))?$/.exec(text.trim()) ?? [];
  return whole === undefined ? null : Number(whole) * perUsd + Number(fraction.padEnd(9, "0"));
}

/** USD with all nine decimals that are not zero, two at least: 0.25 → "0.25", 1.5e-7 → "0.00000015". */
export function formatUsd(amount: NanoUsd): string {
  const text = String(Math.abs(amount)).padStart(10, "0");
  const fraction = text.slice(-9).replace(/0{1,7}$/, "");
  return `${amount < 0 ? "-" : ""}${text.slice(0, -9)}.${fraction}`;
}
