import { parse, View, type Spec } from "vega";
import type { Card } from "../cost/index.ts";
import { rounded } from "../cost/money.ts";
import { billByGroup } from "../cost/render/groups.ts";
import { plain } from "../cost/render/safe.ts";

const colors = { before: "#9aa5b1", after: "#2f6fde" } as const;

/** The monthly bill by group as an SVG, the same text for the same card. Bars of two currencies share an axis and say which is whose. */
export async function renderPicture(card: Card): Promise<string> {
  const groups = billByGroup(card);
  const values = groups.flatMap(({ name, currency, before, after, unpriced }): Bar[] => {
    const group = `${name} (${currency})${unpriced > 0 ? `, ${unpriced} without a price` : ""}`;
    return [
      { group, side: "before", amount: Number(before), label: rounded(before) },
      { group, side: "after", amount: Number(after), label: `${rounded(after)}${unpriced > 0 ? " and what is not known" : ""}` },
    ];
  });
  const title = `${plain(card.stack)}: list price a month, net${card.complete ? "" : " (the engine refuses this plan)"}`;
  const unknown = card.unpriced.length > 0 ? `${card.unpriced.length} without a price are not in it` : "";
  const view = new View(parse(specOf(title, unknown, values)), { renderer: "none" });
  try {
    return `${await view.toSVG()}\n`;
  } finally {
    view.finalize();
  }
}

interface Bar {
  readonly group: string;
  readonly side: keyof typeof colors;
  readonly amount: number;
  readonly label: string;
}

function specOf(title: string, subtitle: string, values: readonly Bar[]): Spec {
  return {
    width: 420,
    height: 44 * Math.max(1, values.length / 2),
    padding: { left: 10, right: 150, top: 10, bottom: 10 },
    background: "white",
    title: { text: title, subtitle, anchor: "start", frame: "group" },
    data: [{ name: "bars", values: [...values] }],
    scales: [
      { name: "group", type: "band", domain: { data: "bars", field: "group" }, range: "height", padding: 0.25 },
      { name: "amount", type: "linear", domain: { data: "bars", field: "amount" }, range: "width", zero: true },
      { name: "color", type: "ordinal", domain: Object.keys(colors), range: Object.values(colors) },
    ],
    axes: [{ orient: "left", scale: "group", ticks: false, domain: false, labelLimit: 400 }],
    legends: [{ fill: "color", orient: "bottom", direction: "horizontal" }],
    marks: [
      {
        type: "group",
        from: { facet: { data: "bars", name: "rows", groupby: "group" } },
        encode: { enter: { y: { scale: "group", field: "group" } } },
        signals: [{ name: "height", update: "bandwidth('group')" }],
        scales: [{ name: "side", type: "band", domain: Object.keys(colors), range: "height" }],
        marks: [
          {
            type: "rect",
            from: { data: "rows" },
            encode: {
              enter: {
                x: { scale: "amount", value: 0 },
                x2: { scale: "amount", field: "amount" },
                y: { scale: "side", field: "side" },
                height: { scale: "side", band: 1 },
                fill: { scale: "color", field: "side" },
              },
            },
          },
          {
            type: "text",
            from: { data: "rows" },
            encode: {
              enter: {
                x: { scale: "amount", field: "amount", offset: 4 },
                y: { scale: "side", field: "side", band: 0.5 },
                baseline: { value: "middle" },
                text: { field: "label" },
                fontSize: { value: 10 },
              },
            },
          },
        ],
      },
    ],
  };
}
