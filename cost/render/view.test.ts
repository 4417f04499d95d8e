import { expect, test } from "vitest";
import { buildCard } from "../card/build.ts";
import { readPlan } from "../plan/read.ts";
import { previewOf, type Step } from "../testing.ts";
import { viewOf } from "./view.ts";

const disk: Step = { op: "same", type: "hcloud:index/volume:Volume", name: "disk", inputs: { size: 40, location: "fsn1" } };
// The table has no price of an lb21.
const balancer = (op: string): Step => ({
  op,
  type: "hcloud:index/loadBalancer:LoadBalancer",
  inputs: { loadBalancerType: "lb21", location: "fsn1" },
});
const amountOf = (...steps: readonly Step[]): string =>
  viewOf(buildCard(readPlan(previewOf(steps), "plan.json"), { today: "2026-11-21" })).amount;

test("a side that holds something without a price is at least what is known, also where that is nothing", () => {
  expect(amountOf(balancer("same"))).toMatch(/^at least 0\.00 → at least 0\.00 EUR a month/);
  expect(amountOf(disk, balancer("same"))).toMatch(/^at least 2\.29 → at least 2\.29 EUR a month/);
});

test("a side without it is what it is", () => {
  expect(amountOf(disk, balancer("create"))).toMatch(/^2\.29 → at least 2\.29 EUR a month/);
  expect(amountOf(disk, balancer("delete"))).toMatch(/^at least 2\.29 → 2\.29 EUR a month/);
  expect(amountOf(disk)).toBe("2.29 → 2.29 EUR a month (±0.00)");
});
