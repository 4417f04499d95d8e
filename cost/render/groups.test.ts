import { expect, test } from "vitest";
import { buildCard } from "../card/build.ts";
import { exact, sum } from "../money.ts";
import { readPlan } from "../plan/read.ts";
import { previewOf } from "../testing.ts";
import { billByGroup } from "./groups.ts";

const plan = previewOf([
  { type: "hcloud:index/server:Server", name: "web", inputs: { serverType: "cx53", location: "nbg1" } },
  { type: "hcloud:index/volume:Volume", name: "disk", inputs: { size: 40, location: "nbg1" } },
  { type: "hcloud:index/loadBalancer:LoadBalancer", name: "in", inputs: { loadBalancerType: "lb11", location: "nbg1" } },
  { type: "hcloud:index/network:Network", name: "net", inputs: { ipRange: "10.0.0.0/16" } },
  { type: "foreign:index:Thing", name: "other" },
]);

test("the groups of a bill add up to its total, the largest first, and what costs nothing has none", () => {
  const card = buildCard(readPlan(plan, "plan.json"), { today: "2026-11-21" });
  const groups = billByGroup(card);
  expect(groups.map(({ name }) => name)).toEqual(["Servers and nodes", "Network", "Storage"]);
  expect(exact(sum(groups.map(({ after }) => after)))).toBe(card.totals[0]?.after);
});
