import { amount, exact, type Amount } from "../money.ts";
import { inputAt, listAt } from "../plan/values.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** What is to be priced: one resource on one side of the deployment. */
export interface Subject {
  readonly type: string;
  readonly name: string;
  readonly inputs: Inputs;
  /** Inputs of its provider; {} for none. */
  readonly provider: Inputs;
  /** The day whose price the vendor bills as long as nothing is ordered anew, ISO date; null: not recorded. */
  readonly ordered: string | null;
  /** It is ordered at today's price: made, replaced or rescaled. */
  readonly anew: boolean;
  /** ISO date. */
  readonly today: string;
  /** Resources that an input comes from. */
  related(input: string): readonly { readonly type: string; readonly inputs: Inputs }[];
  /** What the usage file says of this resource; null where it says nothing. */
  usage(key: string): Amount | null;
}

/** A value that cannot be had, and why. */
export interface Missing {
  readonly reason: string;
}
export type Quantity = Amount | Missing;

export function isMissing(value: object | string | boolean): value is Missing {
  return typeof value === "object" && "reason" in value;
}

function missing(path: string, kind: "absent" | "unknown" | "secret"): Missing {
  if (kind === "unknown") return { reason: `${path} is known only after the deployment` };
  return { reason: kind === "secret" ? `${path} is a secret` : `${path} is not set` };
}

/** What has more would outgrow the card's own format. */
const mostDigits = 30;

/** A number among the inputs, or why there is none. */
export function numberAt({ inputs }: Pick<Subject, "inputs">, path: string, otherwise?: number): Quantity {
  const found = inputAt(inputs, path);
  if (found.kind === "absent" && otherwise !== undefined) return amount(otherwise) as Amount;
  if (found.kind !== "known") return missing(path, found.kind);
  const value = amount(found.value);
  if (value !== null && exact(value).length > mostDigits) return { reason: `${path} is a number beyond anybody's bill` };
  return value === null || value.lt(0) ? { reason: `${path} is no number` } : value;
}

/** A text among the inputs, or why there is none. */
export function textAt({ inputs }: Pick<Subject, "inputs">, path: string, otherwise?: string): string | Missing {
  const found = inputAt(inputs, path);
  if (found.kind === "absent" && otherwise !== undefined) return otherwise;
  return found.kind === "known" ? String(found.value) : missing(path, found.kind);
}

/** A switch among the inputs, or why it cannot be told. */
export function switchAt({ inputs }: Pick<Subject, "inputs">, path: string, otherwise: boolean): boolean | Missing {
  const found = inputAt(inputs, path);
  if (found.kind === "absent") return otherwise;
  return found.kind === "known" ? found.value === true || found.value === "true" : missing(path, found.kind);
}

/** How many elements a list has: what they are need not be known. */
export function lengthAt({ inputs }: Pick<Subject, "inputs">, path: string): Quantity {
  const list = listAt(inputs, path);
  return list === null ? missing(path, "unknown") : (amount(list.length) as Amount);
}

export function times(...factors: readonly Quantity[]): Quantity {
  return factors.find(isMissing) ?? (factors as readonly Amount[]).reduce((product, each) => product.times(each));
}

/** The larger of a quantity and the least that is billed. */
export function atLeast(quantity: Quantity, least: number): Quantity {
  return isMissing(quantity) || quantity.gte(least) ? quantity : (amount(least) as Amount);
}
