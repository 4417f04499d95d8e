import { expect, test } from "vitest";
import { cloudLabels, cloudName } from "./naming.ts";

const identity = { installation: "a1b2c3", stack: "shop", edition: "starter", environment: "production", version: "1.2.3" };

test("a cloud resource carries edition, environment, installation, role, stack and version, in that order", () => {
  expect(Object.entries(cloudLabels(identity, "server"))).toEqual([
    ["fidus.edition", "starter"],
    ["fidus.environment", "production"],
    ["fidus.installation", "a1b2c3"],
    ["fidus.role", "server"],
    ["fidus.stack", "shop"],
    ["fidus.version", "1.2.3"],
  ]);
});

test("a name that fits is written as it is", () => {
  expect(cloudName(identity, "app-1")).toBe("fidus-a1b2c3-shop-app-1");
});

test("a name that does not fit is a host name all the same, and two of them stay two", () => {
  const long = (stack: string): string => cloudName({ installation: "a1b2c3", stack }, "monitoring");
  const names = [long("s".repeat(60)), long(`${"s".repeat(59)}t`), long("Shop"), long("shop_"), long("shop.")];
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^(?=.{1,63}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?$/);
});
