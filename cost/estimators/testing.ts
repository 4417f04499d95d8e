import { amount, exact, sum } from "../money.ts";
import type { Line } from "./bill.ts";
import { estimate } from "./index.ts";
import type { Subject } from "./subject.ts";

/** What the worked examples vary; the rest is a new resource on the day of the tables. */
export interface Example extends Partial<Omit<Subject, "usage" | "related">> {
  readonly type: string;
  readonly figures?: Readonly<Record<string, number>>;
  readonly from?: Readonly<Record<string, ReturnType<Subject["related"]>>>;
}

/** Amounts of the lines with one, in their order, then the sum; the reasons where something is not known. */
export function bill({ figures = {}, from = {}, ...given }: Example): readonly string[] {
  const { lines, reasons } = estimate({
    name: "it",
    inputs: {},
    provider: {},
    ordered: null,
    anew: true,
    today: "2026-11-21",
    related: (input) => from[input] ?? [],
    usage: (key) => amount(figures[key]),
    ...given,
  });
  const amounts = lines.flatMap((line: Line) => amount(line.monthly) ?? []);
  return reasons.length > 0 ? [...reasons] : [...amounts.map(exact), `= ${exact(sum(amounts))}`];
}
