import { expect, test } from "vitest";
import { parseDay, parseIncrease, parseMoney, parseRate } from "./options.ts";

test.each(["2026-11-21", "2028-02-29", "2026-11-21T03:00:00Z", "2026-11-21T23:30:00-05:00"])("%s is a day", (text) => {
  expect(parseDay(text, "--today")).toBe(text);
});

test.each(["2026-02-30", "2026-02-29", "2026-13-01", "2026-02-30T03:00:00Z", "21.11.2026", "yesterday", ""])(
  "%j is none",
  (text) => {
    expect(() => parseDay(text, "--today")).toThrow(`--today: got ${JSON.stringify(text)}; needs a date such as 2026-11-21.`);
  },
);

test("an amount that would outgrow the card's own format is none", () => {
  const much = "9".repeat(16);
  expect(() => parseMoney(`${much}EUR`, "--budget")).toThrow("needs an amount in EUR or USD");
  expect(() => parseIncrease(`${much}%`, "--max-increase")).toThrow("needs an amount in EUR or USD, or a percentage");
  expect(() => parseRate(`USD/EUR=${much}`, "--rate")).toThrow("needs FROM/TO=rate");
});
