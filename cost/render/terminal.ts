import { alignColumns } from "../../infra/core/table.ts";
import type { Card } from "../card/schema.ts";
import { plain } from "./safe.ts";
import { viewOf, type View } from "./view.ts";

export interface TerminalOptions {
  /** Escape codes for colours; only for a terminal that people look at. @default false */
  readonly color?: boolean;
}

const codes = { bold: 1, red: 31, green: 32, yellow: 33, dim: 2 } as const;
const words = ["ok", "refused by the engine", "wrong input", "forbidden"] as const;

/** The card for a terminal, without a newline at the end. */
export function renderTerminal(card: Card, { color = false }: TerminalOptions = {}): string {
  const view = viewOf(card);
  const paint = (name: keyof typeof codes, text: string): string => (color ? `\u001b[${codes[name]}m${text}\u001b[0m` : text);
  const tables = view.sections.map(({ title, head, rows }) =>
    [paint("bold", title), indent(alignColumns([head, ...rows.map((row) => row.map(plain))]))].join("\n"),
  );
  return [
    paint("bold", `${plain(view.stack)}: ${view.arrow} ${view.amount}`),
    paint("dim", `${view.basis}${plain(view.before.text)}.`),
    "",
    ...tables.flatMap((table) => [table, ""]),
    paint(view.verdict.exitCode === 0 ? "green" : "red", verdictText(view)),
  ].join("\n");
}

function verdictText({ verdict }: View): string {
  const reasons = verdict.reasons.map((reason) => `  ${plain(reason)}`);
  return [`Exit ${verdict.exitCode}: ${words[verdict.exitCode] ?? ""}`, ...reasons].join("\n");
}

function indent(text: string): string {
  return text
    .split("\n")
    .map((line) => `  ${line}`)
    .join("\n");
}
