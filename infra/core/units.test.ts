import { describe, expect, test } from "vitest";
import { isCidr, isPrivate, overlap, prefixLength } from "./cidr.ts";
import { cents, gigabytes, isDuration, isMoney, isSize, seconds } from "./units.ts";

describe("a size", () => {
  test.each([
    ["1 GB", 1],
    ["40 GB", 40],
    ["2 TB", 2000],
  ] as const)("%s is %d GB", (text, amount) => {
    expect(isSize(text)).toBe(true);
    expect(gigabytes(text)).toBe(amount);
  });

  test.each([
    "",
    "40",
    "40GB",
    "40 gb",
    "0 GB",
    "-1 GB",
    "1.5 GB",
    "40 GiB",
    "40  GB",
    " 40 GB",
    "40 GB ",
    "1e3 GB",
    "40 days",
    "1 constructor",
  ])("%j is refused", (text) => expect(isSize(text)).toBe(false));
});

describe("a duration", () => {
  test.each([
    ["60 s", 60],
    ["15 min", 900],
    ["12 h", 43_200],
    ["30 days", 2_592_000],
  ] as const)("%s is %d seconds", (text, amount) => {
    expect(isDuration(text)).toBe(true);
    expect(seconds(text)).toBe(amount);
  });

  test.each(["", "60", "60s", "0 s", "1 month", "30 DAYS", "1.5 h", "5 m", "12 hours"])("%j is refused", (text) =>
    expect(isDuration(text)).toBe(false),
  );
});

describe("an amount of money", () => {
  test.each([
    ["100 EUR", 10_000],
    ["99.90 USD", 9_990],
    ["0 EUR", 0],
    ["0.07 USD", 7],
  ] as const)("%s is %d hundredths", (text, amount) => {
    expect(isMoney(text)).toBe(true);
    expect(cents(text)).toEqual({ cents: amount, currency: text.split(" ")[1] });
  });

  test.each(["", "100", "EUR 100", "100 eur", "100 GBP", "1,000 EUR", "1.5 EUR", "-1 EUR", "01 EUR", "$100", "1e9 EUR"])(
    "%j is refused",
    (text) => expect(isMoney(text)).toBe(false),
  );
});

describe("a network", () => {
  test.each(["10.20.0.0/16", "203.0.113.7/32", "0.0.0.0/0", "2001:db8::/32", "::/0"])("%s is one", (text) =>
    expect(isCidr(text)).toBe(true),
  );

  test.each([
    "",
    "10.20.0.0",
    "10.20.0.1/16",
    "10.20.0.0/33",
    "10.20.0/16",
    "010.20.0.0/16",
    "256.0.0.0/8",
    "2001:db8::1/32",
    "10.0.0.0/8 ",
    "x/8",
  ])("%j is refused", (text) => expect(isCidr(text)).toBe(false));

  test("is private only as a whole", () => {
    expect(["10.0.0.0/8", "172.16.0.0/12", "192.168.7.0/24"].map(isPrivate)).toEqual([true, true, true]);
    expect(["8.0.0.0/6", "172.0.0.0/8", "203.0.113.0/24", "2001:db8::/32", "nonsense"].map(isPrivate)).toEqual([
      false,
      false,
      false,
      false,
      false,
    ]);
  });

  test("overlaps with what it contains or lies in, and with nothing else", () => {
    expect(overlap("10.40.0.0/16", "10.40.128.0/17")).toBe(true);
    expect(overlap("10.40.128.0/17", "10.40.0.0/16")).toBe(true);
    expect(overlap("10.40.0.0/16", "10.41.0.0/16")).toBe(false);
    expect(overlap("10.0.0.0/8", "2001:db8::/32")).toBe(false);
    expect(prefixLength("10.40.0.0/16")).toBe(16);
  });
});
