import { renderMarkdown, type Card } from "../cost/index.ts";
import { billByGroup } from "../cost/render/groups.ts";

/**
 * The card for a job summary. Summaries at GitHub show no SVG of ours, neither inline nor as a data URI, so the picture there is the
 * same bill as a Mermaid diagram, which they draw. Every text in it is a group's name: nothing of the plan gets in.
 */
export function renderSummary(card: Card): string {
  const groups = billByGroup(card);
  const pies = [...new Set(groups.map(({ currency }) => currency))].map((currency) => {
    const own = groups.filter((group) => group.currency === currency && !group.after.eq(0));
    const slices = own.map(({ name, after }) => `  "${name}" : ${after.toFixed(2)}`);
    return [
      "```mermaid",
      "pie showData",
      `  title ${currency} a month after the deployment, as far as prices are known`,
      ...slices,
      "```",
    ];
  });
  return [renderMarkdown(card), ...pies.flatMap((pie) => [...pie, ""])].join("\n");
}
