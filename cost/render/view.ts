import { rounded, signed } from "../money.ts";
import type { Card, CardLine, CardResource, CardSet, Total } from "../card/schema.ts";

/** One table: its title, its head, and rows of text that comes from the plan as it is. */
export interface Section {
  readonly title: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Folded away where a format can fold. */
  readonly folded: boolean;
}

/** What every format of a card says, in this order. Our own sentences are safe; everything else has to be made so. */
export interface View {
  readonly stack: string;
  /** `8.49 → 16.98 EUR a month`, or why there is no sum. */
  readonly amount: string;
  readonly arrow: "▲" | "▼" | "=" | "?";
  /** One line of facts about the figures. */
  readonly basis: string;
  /** What `before` is, after the facts; null where they say it. */
  readonly before: { readonly text: string; readonly ours: boolean } | null;
  readonly verdict: { readonly exitCode: number; readonly reasons: readonly string[] };
  readonly sections: readonly Section[];
}

export function viewOf(card: Card): View {
  const { stack, totals, complete, resources, verdict } = card;
  const changed = resources.filter(isChanged);
  const unchanged = resources.filter((each) => !isChanged(each));
  return {
    stack,
    amount: complete
      ? totals.map((total) => totalText(total, resources)).join(" and ")
      : "no amount: the engine refuses this plan, and what follows is not all",
    arrow: complete ? arrowOf(totals) : "?",
    basis: basisOf(card),
    before: beforeOf(card),
    verdict,
    sections: [
      section("Risks", ["", "Rule", "Resource", "What", "What to do"], findingRows(card)),
      section("Changes", ["", "Resource", "Type", "Before", "After", "Difference", "Downtime", "Data"], changed.map(resourceRow)),
      section("Lines of the changes", ["Resource", "Line", "Quantity", "Unit", "Price", "A month"], changed.flatMap(lineRows)),
      section(
        "Without a price",
        ["Resource", "Type", "Why"],
        card.unpriced.map((each) => [nameOf(each.urn), each.type, each.reason]),
      ),
      section("Cost outside the plan", ["Kind", "Resource", "Why", "A month"], card.generators.map(generatorRow)),
      section(
        "Billed by use, without a figure",
        ["Resource", "Line", "Price", "Unit", "Read", "Figure"],
        usageRows(resources),
        true,
      ),
      section(
        "Unchanged",
        ["", "Resource", "Type", "Before", "After", "Difference", "Downtime", "Data"],
        unchanged.map(resourceRow),
        true,
      ),
    ].filter(({ rows }) => rows.length > 0),
  };
}

/** The sum of several cards; the cards have views of their own. */
export function viewOfSet({ stack, totals, complete, cards, generators, priceDate, confidence, verdict }: CardSet): View {
  const resources = cards.flatMap((card) => card.resources);
  const parts = cards.map(viewOf);
  return {
    stack,
    amount: complete ? totals.map((total) => totalText(total, resources)).join(" and ") : "no sum: the engine refuses a plan",
    arrow: complete ? arrowOf(totals) : "?",
    basis: `Sum of ${cards.length} stacks. List prices of ${priceDate}, net; lowest confidence ${confidence ?? "none"}.`,
    before: null,
    verdict,
    sections: [
      section(
        "Stacks",
        ["", "Stack", "A month"],
        parts.map((part) => [part.arrow, part.stack, part.amount]),
      ),
      section("Declared cost outside the plans", ["Kind", "Resource", "Why", "A month"], generators.map(generatorRow)),
    ].filter(({ rows }) => rows.length > 0),
  };
}

function section(title: string, head: readonly string[], rows: Section["rows"], folded = false): Section {
  return { title: `${title} (${rows.length})`, head, rows, folded };
}

function totalText({ currency, before, after, diff, unpricedCount }: Total, resources: readonly CardResource[]): string {
  const more = diff === null ? "difference not known" : signed(diff);
  const open = unpricedCount > 0 ? `, ${unpricedCount} without a price` : "";
  const own = resources.filter((each) => (each.currency ?? currency) === currency);
  // Of what is made now nothing was billed before, whatever it will cost; and the same of what leaves.
  const least = (side: "before" | "after"): string => (own.some((each) => each[side] === null) ? "at least " : "");
  return `${least("before")}${rounded(before ?? "0")} → ${least("after")}${rounded(after ?? "0")} ${currency} a month (${more}${open})`;
}

function arrowOf(totals: readonly Total[]): View["arrow"] {
  const signs = new Set(totals.map(({ diff }) => (diff === null ? "?" : /^-/.test(diff) ? "▼" : /[1-9]/.test(diff) ? "▲" : "=")));
  if (signs.size > 1) signs.delete("=");
  const [only = "=", another] = signs;
  return another === undefined ? only : "?";
}

const baselines = { deployed: "the deployed stack", empty: "nothing, the stack is empty" } as const;

/** A recording and a revision have names that somebody else gave them. */
function beforeOf({ baseline, base }: Card): View["before"] {
  if (baseline === "base") return { text: base ?? "the plan of --base", ours: false };
  return { text: baselines[baseline], ours: true };
}

function basisOf({ priceDate, confidence, totals }: Card): string {
  const usage = totals.some(({ usage }) => usage.after !== null) ? "with the given use (*)" : "fixed cost only";
  return `List prices of ${priceDate}, net, ${usage}; lowest confidence ${confidence ?? "none"}; before = `;
}

const marks = { violation: "✗", unknown: "?", warning: "!" } as const;
const rank = { violation: 0, unknown: 1, warning: 2 } as const;

function findingRows({ findings }: Card): string[][] {
  return findings
    .toSorted((a, b) => Number(b.rule === "data-loss") - Number(a.rule === "data-loss") || rank[a.level] - rank[b.level])
    .map(({ level, rule, urn, message, fix }) => [marks[level], rule, nameOf(urn), message, fix]);
}

const signs = { create: "+", update: "~", replace: "±", delete: "-", leftover: "-", import: "<", read: "r", same: "" } as const;

function isChanged({ op, diff }: CardResource): boolean {
  return (op !== "same" && op !== "read") || (diff !== null && /[1-9]/.test(diff));
}

function resourceRow(resource: CardResource): string[] {
  const { op, urn, type, before, after, diff, currency, downtime, dataRisk, data, orphan } = resource;
  const unit = currency === null ? "" : ` ${currency}`;
  const text = (value: string | null): string => (value === null ? "not known" : `${rounded(value)}${unit}`);
  const difference = diff === null ? "not known" : `${signed(diff)}${unit}`;
  const risk = dataRisk === "none" ? "" : `${dataRisk}: ${data ?? "data"}`;
  return [
    signs[op],
    `${nameOf(urn)}${orphan ? " (orphan, still billed)" : ""}`,
    type,
    text(before),
    text(after),
    difference,
    downtime,
    risk,
  ];
}

function lineRows({ urn, currency, lines }: CardResource): string[][] {
  return lines
    .filter(({ usageBased, monthly }) => !usageBased || monthly !== null)
    .map((line) => [
      nameOf(urn),
      itemOf(line),
      line.quantity ?? "",
      line.unit,
      line.price ?? "",
      `${rounded(line.monthly ?? "0")} ${currency}`,
    ]);
}

function usageRows(resources: readonly CardResource[]): string[][] {
  return resources.flatMap(({ urn, currency, lines }) =>
    lines
      .filter(({ usageBased, monthly }) => usageBased && monthly === null)
      .map((line) => [
        ...[
          nameOf(urn),
          line.item,
          line.price === null ? "not read" : `${line.price} ${currency}`,
          line.unit,
          line.read ?? "",
          line.usageKey ?? "",
        ],
      ]),
  );
}

function generatorRow({ kind, urn, reason, currency, monthly }: Card["generators"][number]): string[] {
  return [kind, urn === null ? "" : nameOf(urn), reason, monthly === null ? "not known" : `${rounded(monthly)} ${currency}`];
}

function itemOf({ item, usageBased }: CardLine): string {
  return usageBased ? `${item} *` : item;
}

/** Logical name; what has none, such as a stack, is shown as it is. */
function nameOf(urn: string): string {
  return urn.split("::").slice(3).join("::") || urn;
}
