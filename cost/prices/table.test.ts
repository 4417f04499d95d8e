import { describe, expect, test } from "vitest";
import { serverTypeNames } from "../../infra/core/server-types.ts";
import aws from "./aws.json" with { type: "json" };
import hetzner from "./hetzner.json" with { type: "json" };
import { tables } from "./table.ts";

describe.each([hetzner, aws])("the table of $vendor", ({ rows, sources, date }) => {
  test("has a date, and on every row a price, a region, a source and how sure it is", () => {
    expect(date).toMatch(/^\d{4}-\d\d-\d\d$/);
    const bad = rows.filter(
      ({ price, regions, source, confidence }) =>
        !/^\d+(\.\d+)?$/.test(price) || regions.length === 0 || sources[source] === undefined || !/^[HML]$/.test(confidence),
    );
    expect(bad).toEqual([]);
  });

  test("has the day of each row: the newest that its source states for certain", () => {
    const stated = (source: string): string[] =>
      // "to 2026-09-28" says when readings ended, "from" and "before" of whom a price holds, and neither when it was read.
      [...source.replaceAll(/\b(to|from|before) 20\d\d-\d\d-\d\d/g, "").matchAll(/\b20\d\d-\d\d(-\d\d)?\b(?!-)/g)].map(
        ([day, rest]) => (rest === undefined ? `${day}-01` : day),
      );
    const wrong = rows.flatMap(({ item, regions, source, ...row }) => {
      const read = "read" in row ? row.read : date;
      // Undated: the first day of the year in which all of it was read.
      const expected =
        stated(sources[source] ?? "")
          .sort()
          .at(-1) ?? "2026-01-01";
      return read === expected ? [] : [`${item} ${regions.join()}: ${read}, and its source says ${expected}`];
    });
    expect(wrong).toEqual([]);
  });

  test("has one price for an item, a region and a day", () => {
    const keys = rows.flatMap((row) => row.regions.map((region) => `${row.item} ${region} ${"until" in row ? row.until : ""}`));
    expect(keys.filter((key, index) => keys.indexOf(key) !== index)).toEqual([]);
  });
});

test("every server type that Fidus can order has a price in Europe [M-02]", () => {
  const { find } = tables.hetzner;
  const missing = serverTypeNames.flatMap((name) =>
    ["fsn1", "nbg1", "hel1"]
      .filter((place) => find(`server ${name}`, place, "2026-11-21") === null)
      .map((place) => `${name} ${place}`),
  );
  expect(missing).toEqual([]);
});

test("a price is that of the day of order, and of no other region", () => {
  const price = (day: string, region = "nbg1"): string | undefined => tables.hetzner.find("server cx33", region, day)?.price;
  expect([price("2025-01-01"), price("2026-06-14"), price("2026-06-15"), price("2026-11-21", "ash")]).toEqual([
    ...["6.49", "6.49", "8.49", undefined],
  ]);
  expect(tables.aws.find("AWSKMS customer managed key", "eu-west-1", "2026-11-21")).toBeNull();
});
