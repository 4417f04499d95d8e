import { expect, test } from "vitest";
import { checkStackName, noSuchStack } from "./stacks.ts";

test.each(["shop", "a1", "acme-eu-west-1"])("%s is a stack name", (name) => expect(checkStackName(name)).toBe(name));

test.each([
  ["My Shop", "my-shop"],
  ["../shop", "shop"],
  ["acme-", "acme"],
  ["é", "acme"],
  ["", "acme"],
  ["a".repeat(50), "a".repeat(40)],
])("%j is none, and %s is proposed", (name, proposed) => {
  expect(() => checkStackName(name)).toThrow("that is no stack name");
  try {
    checkStackName(name);
  } catch (error) {
    expect(error).toMatchObject({ problems: [{ got: name, fix: `Write it as ${proposed}.` }] });
  }
  expect(checkStackName(proposed)).toBe(proposed);
});

test.each([
  ["shopp", ["community", "shop"], "Did you mean shop?"],
  ["bigg", ["big-global", "big-eu-west-1"], "Did you mean big?"],
  ["starter", ["shop"], "./fidus init starter --name starter"],
  ["elsewhere", ["shop"], "OTHERWISE"],
])("for %j beside %j the repair is no up of another stack, which may buy: %s", (name, known, fix) => {
  expect(noSuchStack(name, known, "OTHERWISE")).toMatchObject({ exitCode: 2, problems: [{ got: name, fix }] });
});
