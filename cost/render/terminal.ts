import { alignColumns } from "../../infra/core/table.ts";
import type { Card, CardSet } from "../card/schema.ts";
import { plain } from "./safe.ts";
import { viewOf, viewOfSet, type View } from "./view.ts";

export interface TerminalOptions {
  /** Escape codes for colours; only for a terminal that people look at. @default false */
  readonly color?: boolean;
}

const codes = { bold: 1, red: 31, green: 32, yellow: 33, dim: 2 } as const;
const words = ["ok", "refused by the engine", "wrong input", "forbidden"] as const;

/** The card for a terminal, without a newline at the end. */
export function renderTerminal(card: Card, options: TerminalOptions = {}): string {
  const view = viewOf(card);
  return [...bodyOf(view, options), verdictText(view, options)].join("\n");
}

/** The cards of several stacks, their sum at the end. */
export function renderSetTerminal(set: CardSet, options: TerminalOptions = {}): string {
  const sum = viewOfSet(set);
  return [...[...set.cards.map(viewOf), sum].flatMap((view) => bodyOf(view, options)), verdictText(sum, options)].join("\n");
}

function bodyOf(view: View, options: TerminalOptions): string[] {
  const tables = view.sections.map(({ title, head, rows }) =>
    [paint(options, "bold", title), indent(alignColumns([head, ...rows.map((row) => row.map(plain))]))].join("\n"),
  );
  return [
    paint(options, "bold", `${plain(view.stack)}: ${view.arrow} ${view.amount}`),
    paint(options, "dim", `${view.basis}${view.before === null ? "" : `${plain(view.before.text)}.`}`),
    "",
    ...tables.flatMap((table) => [table, ""]),
  ];
}

function paint({ color = false }: TerminalOptions, name: keyof typeof codes, text: string): string {
  return color ? `\u001b[${codes[name]}m${text}\u001b[0m` : text;
}

function verdictText({ verdict }: View, options: TerminalOptions): string {
  const reasons = verdict.reasons.map((reason) => `  ${plain(reason)}`);
  const text = [`Exit ${verdict.exitCode}: ${words[verdict.exitCode] ?? ""}`, ...reasons].join("\n");
  return paint(options, verdict.exitCode === 0 ? "green" : "red", text);
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
