import type { Card, CardSet } from "../card/schema.ts";
import { code } from "./safe.ts";
import { viewOf, viewOfSet, type Section, type View } from "./view.ts";

/** Longest comment that GitHub takes is 65,536 characters. */
export const limit = 65_000;

/** Reasons that are shown; the longest of these still fit. */
const mostReasons = 20;

/** Rows of a table that are tried, until the whole fits. */
export const rowLimits = [Number.POSITIVE_INFINITY, 400, 150, 50, 20, 5, 0] as const;

/**
 * The card as a comment on a pull request: risks on top, then what changes, the rest folded. The first line is a marker by which
 * a later run finds the comment. Rows that do not fit are counted, not shown.
 */
export function renderMarkdown(card: Card): string {
  const view = viewOf(card);
  return fitting((most) => [...headOf(view), ...bodyOf(view, most)]);
}

/** The same of several stacks: one comment with their sum on top. */
export function renderSetMarkdown(set: CardSet): string {
  const [sum, parts] = [viewOfSet(set), set.cards.map(viewOf)];
  return fitting((most) => [
    ...headOf(sum),
    ...bodyOf(sum, most),
    ...parts.flatMap((part) => [titleOf(part), "", ...bodyOf(part, most)]),
  ]);
}

function fitting(render: (most: number) => readonly string[]): string {
  for (const most of rowLimits) {
    const text = render(most).join("\n");
    if (text.length <= limit) return text;
  }
  return render(0).join("\n");
}

function titleOf({ stack, arrow, amount }: View): string {
  return `### ${code(stack)} ${arrow} ${amount}`;
}

function headOf(view: View): string[] {
  const { stack } = view;
  return [`<!-- fidus-card ${encodeURIComponent(stack).replaceAll("-", "%2D")} -->`, titleOf(view), "", ...verdictOf(view)];
}

/** A card without its head, with so many rows in each table. */
export function renderBody(view: View, most: number): string {
  return [...verdictOf(view), ...bodyOf(view, most)].join("\n");
}

function verdictOf({ verdict }: View): string[] {
  return [
    `**Exit ${verdict.exitCode}**`,
    ...verdict.reasons.slice(0, mostReasons).map((reason) => `- ${code(reason)}`),
    ...(verdict.reasons.length > mostReasons ? [`- ${verdict.reasons.length - mostReasons} more: see the card's JSON.`] : []),
    "",
  ];
}

function bodyOf({ basis, before, sections }: View, most: number): string[] {
  return [
    `${basis}${before === null ? "" : `${before.ours ? before.text : code(before.text)}.`}`,
    "",
    ...sections.flatMap((section) => [sectionText(section, most), ""]),
  ];
}

function sectionText({ title, head, rows, folded }: Section, most: number): string {
  const shown = rows.slice(0, folded ? Math.min(most, 150) : most);
  const left = rows.length - shown.length;
  const table = [
    ...(shown.length > 0 ? [row(head), row(head.map(() => "---")), ...shown.map((cells) => row(cells.map(cell)))] : []),
    ...(left > 0 ? ["", `${left} more rows: see the card's JSON.`] : []),
  ].join("\n");
  return folded ? `<details><summary>${title}</summary>\n\n${table}\n\n</details>` : `#### ${title}\n\n${table}`;
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Amounts, signs and empty cells are ours and stay as they are: one sign at most, so that nobody's text opens a comment. */
function cell(text: string): string {
  return /^([+~±<r✗?!-]|[+±-]?[\d.,]+( (EUR|USD))?)?$/.test(text)
    ? text.replace("<", "&lt;").replace("~", "&#126;").replace(/^-$/, "&#45;")
    : code(text);
}
