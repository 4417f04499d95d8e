import { expect, test } from "vitest";
import { nthAddress } from "./cidr.ts";

test("the n-th address of a network counts over the bytes", () => {
  expect(nthAddress("10.20.0.0/16", 10)).toBe("10.20.0.10");
  expect(nthAddress("192.168.255.0/24", 1)).toBe("192.168.255.1");
  expect(nthAddress("10.20.0.0/16", 300)).toBe("10.20.1.44");
});
