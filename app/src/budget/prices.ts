import { parseUsd, type NanoUsd } from "./money.ts";

/** What a token costs. */
export interface Price {
  readonly input: NanoUsd;
  readonly output: NanoUsd;
}

export type PriceTable = ReadonlyMap<string, Price>;

/** List prices of 2024 in USD per million tokens, input/output: for vendors only, and only until LLM_PRICES says otherwise. */
const listPrices = parsePrices(
  "gpt-4o=2.50/10;gpt-4o-mini=0.15/0.60;gpt-3.5-turbo=0.50/1.50;claude-3-5-sonnet=3/15;claude-3-haiku=0.25/1.25;" +
    // Any other model of a vendor: dearer than the usual, so that a cap holds too early and not too late.
    "*=15/60",
);

/** Reads `model=INPUT/OUTPUT;…` in USD per million tokens, three decimals at most; null when a row is malformed or a model is there twice. */
export function parsePrices(text: string): PriceTable | null {
  const table = new Map<string, Price>();
  for (const row of text.split(";").filter((part) => part.trim() !== "")) {
    const [, model = "", input = "", output = ""] =
      /^\s*([^\s=,]+)\s*=\s*(\d{1,6}(?:\.\d{1,3})?)\/(\d{1,6}(?:\.\d{1,3})?)\s*$/.exec(row) ?? [];
    const [inputPrice, outputPrice] = [parseUsd(input), parseUsd(output)];
    if (model === "" || table.has(model) || inputPrice === null || outputPrice === null) return null;
    table.set(model, { input: inputPrice / 1_000_000, output: outputPrice / 1_000_000 });
  }
  return table;
}

/**
 * The price of a model, by its name or that of the family a dated name belongs to (`gpt-4o-2024-08-06`); `*` is every other.
 * Null: it costs nothing, as on hardware of one's own. A vendor's model always costs something.
 */
export function priceOf(configured: PriceTable, model: string, vendor: boolean): Price | null {
  const family = model.replace(/^[a-z]+\//, "").replace(/-(latest|\d{8}|\d{4}-\d\d-\d\d)$/, "");
  for (const table of [configured, vendor ? listPrices : null]) {
    const price = table?.get(model) ?? table?.get(family) ?? table?.get("*");
    if (price !== undefined) return price;
  }
  return null;
}
