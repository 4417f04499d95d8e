import { afterAll, expect, test } from "vitest";
import { runCli, startCli } from "../cli/testing.ts";
import { CardHome, type Line } from "./card-home.ts";
import { change, fail, recordedStarter, step, unknownValue } from "./recorded-preview.ts";

/** What the card says, from its JSON alone: nothing here knows how it was made. */
const home = new CardHome();
afterAll(() => home[Symbol.dispose]());

function units(decimal: string): bigint {
  const [, sign = "", whole = "", digits = ""] = /^(-?)(\d+)(?:\.(\d{1,12}))?$/.exec(decimal) ?? [];
  expect(whole, `${decimal} is no decimal`).not.toBe("");
  return BigInt(`${sign}${whole}${digits.padEnd(12, "0")}`);
}

function sumOf(lines: readonly Line[]): bigint {
  return lines.reduce((all, { monthly }) => all + units(monthly ?? "0"), 0n);
}

test("the lines of the JSON add up to its totals, and the changes to its difference [M-02]", async () => {
  const { card, code } = await home.preview(recordedStarter());
  expect([code, card.schema, card.complete, card.stack, card.priceDate]).toEqual([0, "fidus.card/1", true, "shop", "2026-08-05"]);
  const [total] = card.totals;
  const resources = card.resources.filter(({ currency }) => currency === "EUR");
  expect(sumOf(resources.flatMap(({ lines }) => lines))).toBe(units(total!.after));
  expect(sumOf(resources.flatMap(({ beforeLines }) => beforeLines))).toBe(units(total!.before));
  expect(resources.reduce((all, { diff }) => all + units(diff), 0n)).toBe(units(total!.diff));
  for (const { quantity, price, monthly } of resources.flatMap(({ lines }) => lines)) {
    if (monthly !== null) expect(units(monthly) * 10n ** 12n).toBe(units(quantity) * units(price));
  }
  // cx53 29.49 + IPv4 0.50 + 40 GB × 0.0572 + bx11 3.20
  expect(total).toMatchObject({ currency: "EUR", before: "35.478", after: "35.478", diff: "0", unpricedCount: 0 });
});

test("a new starter is priced before it is deployed, once its server type is assumed [M-02]", async () => {
  const plan = recordedStarter();
  for (const one of plan.steps) Object.assign(one, { op: "create", oldState: undefined });
  step(plan, "Server").newState = {
    ...step(plan, "Server").newState!,
    inputs: { location: "nbg1", serverType: unknownValue, publicNets: [] },
  };
  plan.changeSummary = { create: plan.steps.length };
  const file = home.file("usage.yaml", "assume: { host-server-server: { serverType: cx53 } }");
  expect((await home.preview(plan)).card.totals).toMatchObject([{ before: "0", after: "6.488", diff: null, unpricedCount: 1 }]);
  // cx53 29.49 + its IPv4 0.50 + the other IPv4 0.50 + 40 GB × 0.0572 + bx11 3.20
  expect((await home.preview(plan, "--usage", file)).card.totals).toMatchObject([
    { before: "0", after: "35.978", diff: "35.978" },
  ]);
});

test("another plan can be what is compared with: --base", async () => {
  const base = home.file("base.json", recordedStarter());
  const { card, code } = await home.preview(
    change("Server", "update", { serverType: "ccx33" })(recordedStarter()),
    "--base",
    base,
  );
  expect([code, card.baseline, card.base, card.totals[0]!.diff]).toEqual([0, "base", `recording ${base}`, "109"]);
  const moved = change("Volume", "update", { location: "hel1" })(recordedStarter());
  expect((await home.preview(moved, "--base", base)).card.resources.map(({ op }) => op).filter((op) => op !== "same")).toEqual([
    "replace",
  ]);
  home.file("base.json", fail(recordedStarter()));
  expect(await home.preview(recordedStarter(), "--base", base)).toMatchObject({ code: 2 });
  expect(await home.preview(recordedStarter(), "--base", "HEAD")).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("the program of a revision cannot be run on one"),
  });
});

test("a plan comes from one place: a stack that exists, or a file", async () => {
  const file = home.file("plan.json", recordedStarter());
  expect(await runCli(home.folder, ["preview"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("a stack, or a recorded preview"),
  });
  expect(await runCli(home.folder, ["preview", "acme", "--plan", file])).toMatchObject({ code: 2 });
  expect(await runCli(home.folder, ["preview", "acme"])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("there is no such stack"),
  });
});

test("a plan that the engine refuses has no totals, so that it is never the cheaper one", async () => {
  const { card } = await home.preview(fail(recordedStarter()));
  const nothing = { before: null, after: null, diff: null };
  expect(card.totals).toEqual([{ currency: "EUR", fixed: nothing, usage: nothing, ...nothing, unpricedCount: 0 }]);
  expect(card.verdict).toEqual({ exitCode: 1, reasons: ["the engine refuses: cannot delete protected resource"] });
});

test("a thousand resources are priced in one go; the bound is for a busy machine, bench/card.ts measures", async () => {
  const one = recordedStarter().steps.find(({ urn }) => urn.includes(":Volume::"))!;
  const steps = Array.from({ length: 1_000 }, (_, index) => ({ ...one, urn: `${one.urn}-${index}` }));
  const file = home.file("many.json", { steps });
  const started = performance.now();
  const { code, stdout } = await startCli(home.folder, ["preview", "--plan", file, "--today", "2026-11-21"]).ended;
  const took = (performance.now() - started) / 1000;
  console.log(`1,000 resources: ${took.toFixed(2)} s`);
  expect([code, stdout.includes("2,288.00 → 2,288.00 EUR a month")]).toEqual([0, true]);
  expect(took).toBeLessThan(30);
}, 60_000);
