import { describe, expect, test } from "vitest";
import { formatUsd, parseUsd } from "./money.ts";
import { parsePrices, priceOf } from "./prices.ts";

describe("amounts of money", () => {
  test.each([
    ["50", 50_000_000_000],
    ["0.25", 250_000_000],
    ["0", 0],
    ["0.000000001", 1],
  ])("%s USD is %i nano-USD", (text, amount) => expect(parseUsd(text)).toBe(amount));

  test.each(["", "-1", "1,50", "1e3", ".5", "0.0000000001", "12345678"])("%j is refused", (text) => {
    expect(parseUsd(text)).toBeNull();
  });

  test.each([
    [0, "0.00"],
    [150, "0.00000015"],
    [12_500_000_000, "12.50"],
    [-10_000_000, "-0.01"],
  ])("%i nano-USD reads %s", (amount, text) => expect(formatUsd(amount)).toBe(text));
});

describe("a price table", () => {
  test("is USD per million tokens, input and output apart, exact to a thousandth [M-09] [L-06]", () => {
    const table = parsePrices("gpt-4o-mini=0.15/0.60; big = 2.50/10 ;embed=0.001/0");
    expect([...(table ?? [])]).toEqual([
      ["gpt-4o-mini", { input: 150, output: 600 }],
      ["big", { input: 2_500, output: 10_000 }],
      ["embed", { input: 1, output: 0 }],
    ]);
  });

  test.each([
    "x",
    "x=1",
    "x=1/",
    "x=-1/2",
    "x=0.0001/1",
    "=1/2",
    "x=1/2/3",
    "a b=1/2",
    "a=1/2,b=1/2",
    "a,b=1/2",
    "a=b=1/2",
    "good=1/2",
  ])("with the row %j is refused", (row) => {
    expect(parsePrices(`good=1/2;${row}`)).toBeNull();
  });

  const configured = parsePrices("gpt-4o=5/6;local=1/1") ?? new Map<string, never>();

  test.each([
    ["the operator's price before ours", "gpt-4o", true, 5_000],
    ["a dated name by its family", "gpt-4o-2024-08-06", true, 5_000],
    ["a vendor's prefix left out", "openai/gpt-4o", true, 5_000],
    ["the list price of a vendor's model", "gpt-4o-mini", true, 150],
    ["the dearest for a vendor's unknown model", "gpt-99", true, 15_000],
    ["a price the operator gave a model of the house", "local", false, 1_000],
  ])("finds %s", (_name, model, vendor, input) => expect(priceOf(configured, model, vendor)?.input).toBe(input));

  test("asks nothing for a model of the house without a price, whatever it is called", () => {
    expect(priceOf(configured, "gpt-4o-mini", false)).toBeNull();
  });
});
