import { expect, test } from "vitest";
import { parseUsage } from "./usage.ts";

const nat = "aws:ec2/natGateway:NatGateway";
const figure = (value: string) => (): unknown => parseUsage(`types: { ${nat}: { data-gb: ${value} } }`, "u.yaml");

test.each(["0", "500", "12.5", '"500"'])("%s is a figure", (value) => expect(figure(value)).not.toThrow());

test.each(["-5", "many", "1e400", "[1]", `"${"9".repeat(31)}"`])("%s is none, and is shown with the rule", (value) => {
  expect(figure(value)).toThrow(
    /u\.yaml\.types\.aws:ec2\/natGateway:NatGateway\.data-gb: got .*; needs a number, 0 or more\. docs/,
  );
  expect(figure(value)).not.toThrow("got nothing");
});

test("a key that no usage file has is named, and so is an amount that is none, with what repairs it", () => {
  expect(() => parseUsage("tipes: {}", "u.yaml")).toThrow('u.yaml: got "tipes"; needs a key of a usage file.');
  expect(() => parseUsage("generators: [{ name: x, monthly: -1EUR }]", "u.yaml")).toThrow(
    'u.yaml.generators.x: got "-1EUR"; needs an amount in EUR or USD. monthly: 200EUR',
  );
});

test("a resource that is called as what every object has is given nothing by that", () => {
  const usage = parseUsage("resources: {}", "u.yaml");
  const resource = { urn: "u", name: "constructor", type: "a:b:C" };
  expect([usage.assumed(resource, "name"), usage.figure(resource, "length")]).toEqual([null, null]);
});
