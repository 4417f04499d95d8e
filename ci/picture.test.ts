import { expect, test } from "vitest";
import { buildCard, readPlan, type Card } from "../cost/index.ts";
import { previewOf, unknownValue, type Step } from "../cost/testing.ts";
import { renderPicture } from "./picture.ts";
import { renderSummary } from "./summary.ts";

const server = { type: "hcloud:index/server:Server", inputs: { serverType: "cx53", location: "nbg1", publicNets: [] } } as const;
const disk = { type: "hcloud:index/volume:Volume", inputs: { size: 100, location: "nbg1" } } as const;
const cardOf = (...steps: Step[]): Card => buildCard(readPlan(previewOf(steps), "plan.json"), { today: "2026-11-21" });
const textsOf = (svg: string): string[] => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text = ""]) => text);

test("the picture shows each group of the bill before and after, in cents, and is the same text for the same card", async () => {
  const card = cardOf({ ...server, op: "same" }, { ...disk, op: "update", was: { size: 50, location: "nbg1" } });
  const svg = await renderPicture(card);
  expect(svg).toMatch(/^<svg [^>]*xmlns="http:\/\/www.w3.org\/2000\/svg"/);
  // cx53 29.49 + IPv4 0.50; 50 GB × 0.0572, then 100 GB
  expect(textsOf(svg)).toEqual(
    expect.arrayContaining(["Servers and nodes (EUR)", "29.99", "Storage (EUR)", "2.86", "5.72", "before", "after"]),
  );
  expect(await renderPicture(structuredClone(card))).toBe(svg);
});

test("what has no price is said beside its group, never drawn as nothing", async () => {
  const card = cardOf({ ...server, inputs: { ...server.inputs, serverType: unknownValue } }, { type: "foreign:index:Thing" });
  const texts = textsOf(await renderPicture(card));
  expect(texts).toEqual(
    expect.arrayContaining(["Servers and nodes (EUR), 1 without a price", "2 without a price are not in it"]),
  );
  expect(texts.join()).toMatch(/0\.50 and what is not known|0\.00 and what is not known/);
});

test("a name cannot get out of the picture or the diagram", async () => {
  const stack = '</text><script>alert("x")</script>\n```\n<img src=x>';
  const card = { ...cardOf(disk), stack };
  const svg = await renderPicture(card);
  expect(svg).not.toMatch(/<script|<img/);
  expect(svg).toContain("&lt;script&gt;");
  const summary = renderSummary(card);
  expect(summary.match(/```/g)).toHaveLength(2);
  expect(summary).not.toMatch(/<script|<img/);
  expect(summary).toContain('  "Storage" : 5.72');
});

test("an empty stack and a refused plan have a picture too", async () => {
  expect(textsOf(await renderPicture(cardOf({ type: "pulumi:pulumi:Stack" }))).join()).toContain("list price a month, net");
  const refused = buildCard(readPlan(previewOf([disk], { diagnostics: [{ severity: "error", message: "no" }] }), "plan.json"), {
    today: "2026-11-21",
  });
  expect(textsOf(await renderPicture(refused)).join()).toContain("the engine refuses this plan");
});
