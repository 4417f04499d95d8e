import { amount, exact, type Amount, type Currency } from "../money.ts";
import type { Confidence, Price, PriceTable } from "../prices/table.ts";
import { isMissing, type Missing, type Quantity, type Subject } from "./subject.ts";

/** One line of a resource's monthly bill. Decimals are strings with every digit; null: not known. */
export interface Line {
  readonly item: string;
  readonly quantity: string | null;
  readonly unit: string;
  readonly price: string | null;
  /** quantity × price, a month, net. */
  readonly monthly: string | null;
  /** Depends on use; null without a figure in the usage file. */
  readonly usageBased: boolean;
  /** Name of that figure; null for a fixed line. */
  readonly usageKey: string | null;
  readonly source: string | null;
  readonly confidence: Confidence | null;
  /** When the price was read, ISO date; null without one. */
  readonly read: string | null;
}

/** What a resource costs a month: its lines, and every reason why a part is not known. */
export interface Estimate {
  /** null for what costs nothing anywhere. */
  readonly currency: Currency | null;
  readonly lines: readonly Line[];
  readonly reasons: readonly string[];
}

/** Collects the lines of one resource at one vendor. */
export class Bill {
  readonly #lines: Line[] = [];
  readonly #reasons: string[] = [];
  readonly #table: PriceTable;
  readonly #region: string | Missing;
  readonly #today: string;

  constructor(table: PriceTable, region: string | Missing, { today }: Pick<Subject, "today">) {
    this.#table = table;
    this.#region = region;
    this.#today = today;
  }

  /** The list price, for an order on `day`. Why it is not known is kept. */
  price(item: string, day: string = this.#today): Price | null {
    if (isMissing(this.#region)) return this.#unknown(this.#region.reason);
    const price = this.#table.find(item, this.#region, day);
    return price ?? this.#unknown(`${item}: no price was read for ${this.#region}`);
  }

  /** A line that is billed whatever happens. `label` says what the price list does not. */
  fixed(item: string, quantity: Quantity, label: string = item): this {
    const price = this.price(item);
    return price === null ? this : this.line(price, quantity, label);
  }

  /** A fixed line at a price that was found already. */
  line(price: Price, quantity: Quantity, label: string, confidence: Confidence = price.confidence): this {
    if (isMissing(quantity)) {
      this.#unknown(quantity.reason);
      return this;
    }
    this.#lines.push({ ...lineOf(price, quantity, label), confidence });
    return this;
  }

  /** A line that depends on use: without a figure it stands there with its price and no amount. */
  usage(item: string, key: string, figure: Amount | null, label: string = item): this {
    const price = isMissing(this.#region) ? null : this.#table.find(item, this.#region, this.#today);
    if (price === null && figure !== null) this.#unknown(`${item}: no price was read for ${this.#whereText()}`);
    const line = price === null ? unpriced(label) : lineOf(price, figure, label);
    this.#lines.push({ ...line, usageBased: true, usageKey: key });
    return this;
  }

  /** A use whose price falls with its amount: [item, size of the tier], the last one without an end. */
  tiers(key: string, figure: Amount | null, tiers: readonly (readonly [item: string, size: number | null])[]): this {
    const [first] = tiers;
    if (figure === null) return first === undefined ? this : this.usage(first[0], key, null);
    let left = figure;
    for (const [item, size] of tiers) {
      const part = size !== null && left.gt(size) ? (amount(size) as Amount) : left;
      if (part.gt(0)) this.usage(item, key, part);
      left = left.minus(part);
    }
    return this;
  }

  /** The amount is not known, because. */
  because(reason: string): this {
    this.#reasons.push(reason);
    return this;
  }

  estimate(): Estimate {
    return { currency: this.#table.currency, lines: this.#lines, reasons: [...new Set(this.#reasons)] };
  }

  #unknown(reason: string): null {
    this.#reasons.push(reason);
    return null;
  }

  #whereText(): string {
    return isMissing(this.#region) ? `its region: ${this.#region.reason}` : this.#region;
  }
}

function lineOf({ unit, price, source, confidence, read }: Price, quantity: Amount | null, item: string): Line {
  const monthly = quantity === null ? null : exact(quantity.times(price));
  const shown = quantity === null ? null : exact(quantity);
  return { item, quantity: shown, unit, price, monthly, usageBased: false, usageKey: null, source, confidence, read };
}

function unpriced(item: string): Line {
  const nothing = { quantity: null, price: null, monthly: null, source: null, confidence: null, read: null };
  return { item, unit: "", ...nothing, usageBased: true, usageKey: null };
}
