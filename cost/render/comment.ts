import type { Card } from "../card/schema.ts";
import { limit, renderBody, rowLimits } from "./markdown.ts";
import { code } from "./safe.ts";
import { viewOf, type View } from "./view.ts";

/** First line of the one comment that a pull request gets: by it a later run finds the comment. */
export const commentMarker = "<!-- fidus-cards -->";

const title = "### What this change costs, interrupts and endangers";

/**
 * The cards of several stacks as one comment: a table of all, then each card folded away, open where its exit code is not 0. Rows that do
 * not fit are counted, and in the end only the table is left. `origin` is a sentence of ours, shown as it is.
 */
export function renderComment(cards: readonly Card[], origin: string): string {
  const views = cards.map(viewOf);
  const head = [commentMarker, title, "", ...tableOf(views), "", origin];
  for (const rows of rowLimits) {
    const text = [...head, ...views.flatMap((view) => cardOf(view, rows))].join("\n");
    if (text.length <= limit) return text;
  }
  return [...head, "", "The cards themselves are too long for a comment: see their JSON."].join("\n");
}

/** What the comment says when there is nothing that may be shown. `reason` is ours. */
export function renderFailure(reason: string, origin: string): string {
  return [commentMarker, title, "", `**No card.** ${reason}`, "", origin].join("\n");
}

function tableOf(views: readonly View[]): string[] {
  const rows = views.map(({ stack, arrow, amount, verdict }) => `| ${code(stack)} | ${arrow} ${amount} | ${verdict.exitCode} |`);
  return ["| Stack | List price, net | Exit |", "| --- | --- | --- |", ...rows];
}

function cardOf(view: View, rows: number): string[] {
  const open = view.verdict.exitCode === 0 ? "" : " open";
  return [
    "",
    `<details${open}><summary>${code(view.stack)} ${view.arrow} ${view.amount}</summary>`,
    "",
    renderBody(view, rows),
    "</details>",
  ];
}
