import { expect, test } from "vitest";
import { amount, exact, rounded, signed, sum } from "./money.ts";

test("only decimal numbers are amounts", () => {
  expect([0.1, "0.10", 5, "-3", 1e-7].map((value) => amount(value)?.toFixed())).toEqual(["0.1", "0.1", "5", "-3", "0.0000001"]);
  expect(["", "1e5", "1,5", "0x1", " 1", null, undefined, {}, Number.NaN, Number.POSITIVE_INFINITY].map(amount)).toEqual(
    Array(10).fill(null),
  );
});

test("sums are exact where floats are not", () => {
  expect(exact(sum([amount("0.1")!, amount("0.2")!, amount("0.0000000001")!]))).toBe("0.3000000001");
  expect(exact(amount("123456789012345678")!.times("1.1"))).toBe("135802467913580245.8");
});

test("people read cents, rounded half up", () => {
  expect(["16.425", "0.005", "-0.005", "0", "1234567.5", "-1234.5"].map(rounded)).toEqual([
    ...["16.43", "0.01", "-0.01", "0.00", "1,234,567.50", "-1,234.50"],
  ]);
  expect(["4", "-4", "0", "0.001", "-0.001"].map(signed)).toEqual(["+4.00", "-4.00", "±0.00", "±0.00", "±0.00"]);
});
