import { describe, expect, test } from "vitest";
import { environmentSettings } from "../infra/config/environments.ts";
import { environments } from "../infra/config/keys/common.ts";
import { keys, keysOf } from "../infra/config/keys.ts";
import { parseConfig } from "../infra/config/parse.ts";
import { editions } from "../infra/config/spec.ts";
import { complete } from "../infra/config/testing.ts";
import { checkNewName, newStacks, parseEnvironment, parseRegions, type NewEnvironment } from "./new-stacks.ts";
import { products, type Product } from "./stacks.ts";

const asked = (product: Product, name = "acme", environment: NewEnvironment["environment"] = "production"): NewEnvironment => ({
  product,
  name,
  environment,
  regions: ["eu-central-1", "eu-west-1"],
  witness: "eu-north-1",
});
const secrets = new Set(Object.entries(keys).flatMap(([name, spec]) => ("secret" in spec ? [name] : [])));

describe.each(editions)("environments of %s", (edition) => {
  test.each(environments)(
    "%s is a complete configuration of the same keys: nothing but settings differs [G-01] [X-04]",
    (environment) => {
      const settings = environmentSettings(edition, environment);
      const { values, problems } = parseConfig(edition, { ...complete[edition], ...settings }, secrets);
      expect(problems).toEqual([]);
      expect(values.environment).toBe(environment);
      expect(Object.keys(values)).toEqual(keysOf(edition).map(([name]) => name));
    },
  );

  test("production is what the table says", () => {
    expect(environmentSettings(edition, "production")).toEqual({ environment: "production" });
  });
});

test("staging has production's shape at a smaller size; only development may do without [G-01]", () => {
  expect(environmentSettings("pro", "staging")).toEqual({ environment: "staging", serverSize: "small" });
  expect(environmentSettings("pro", "development")).toMatchObject({ topology: "compact" });
  expect(environmentSettings("enterprise-region", "staging")).not.toHaveProperty("nightSleep");
  expect(environmentSettings("enterprise-region", "development")).toMatchObject({ nightSleep: "20:00-06:00" });
  expect(environmentSettings("starter", "staging")).not.toHaveProperty("backupTarget");
});

test.each(["community", "starter", "pro"] as const)("%s is one stack of its name", (product) => {
  expect(newStacks(asked(product), "a1b2c3")).toEqual([
    { stack: "acme", edition: product, entries: { edition: product, installation: "a1b2c3", environment: "production" } },
  ]);
});

test("enterprise is two regions with networks apart, each the other's peer, and last the global stack", () => {
  const stacks = newStacks(asked("enterprise", "acme", "staging"), "a1b2c3");
  expect(stacks.map(({ stack, edition }) => `${stack} ${edition}`)).toEqual([
    "acme-eu-central-1 enterprise-region",
    "acme-eu-west-1 enterprise-region",
    "acme-global enterprise-global",
  ]);
  expect(stacks.map(({ entries }) => [entries["region"], entries["peerRegion"], entries["vpcRange"]])).toEqual([
    ["eu-central-1", "eu-west-1", "10.40.0.0/16"],
    ["eu-west-1", "eu-central-1", "10.41.0.0/16"],
    [undefined, undefined, undefined],
  ]);
  expect(stacks[2]?.entries).toMatchObject({
    environment: "staging",
    primaryRegion: "eu-central-1",
    secondaryRegion: "eu-west-1",
    witnessRegion: "eu-north-1",
  });
});

test("what init writes is accepted by the table: what is missing is the operator's", () => {
  for (const product of products) {
    for (const environment of environments) {
      for (const { edition, entries } of newStacks(asked(product, "acme", environment), "a1b2c3")) {
        const problems = parseConfig(edition, { ...complete[edition], ...entries }, secrets).problems;
        expect(problems, `${edition} ${environment}`).toEqual([]);
      }
    }
  }
});

describe("a name", () => {
  test.each([
    ["starter", "acme", []],
    ["starter", "starter", ["community", "other"]],
    ["enterprise", "acme", ["acme2", "acme-eu-central-1"]],
    ["pro", "acme2", ["acme-global", "acme-eu-west-1"]],
  ] as const)("of %s may be %s where there are %j", (product, name, stacks) => {
    expect(() => checkNewName(asked(product, name), stacks, products)).not.toThrow();
  });

  test.each([
    ["starter", "acme", ["acme"], "a name that is free: stack acme exists"],
    ["starter", "acme", ["acme-global"], "a name that is free: stack acme-global exists"],
    ["enterprise", "acme", ["acme-global"], "a name that is free: stack acme-global exists"],
    ["enterprise", "acme", ["acme"], "a name that is free: stack acme exists"],
    ["starter", "community", [], "a name that is not that of another edition"],
    ["enterprise", "pro", [], "a name that is not that of another edition"],
    ["starter", "acme-global", [], "a name without -global, which ends the global stacks' names"],
    ["pro", "Acme", [], "2 to 40 of a-z, 0-9 and -, a letter first, no - at the end"],
    ["pro", "../etc", [], "2 to 40 of a-z, 0-9 and -, a letter first, no - at the end"],
    ["pro", "", [], "2 to 40 of a-z, 0-9 and -, a letter first, no - at the end"],
  ] as const)("of %s is refused as %j where there are %j", (product, name, stacks, rule) => {
    let problems: readonly { rule: string }[] = [];
    try {
      checkNewName(asked(product, name), stacks, products);
    } catch (error) {
      problems = (error as { problems: typeof problems }).problems;
    }
    expect(problems.map((problem) => problem.rule)).toContain(rule);
  });

  test("of enterprise leaves room for the regions'", () => {
    expect(() => newStacks(asked("enterprise", "a".repeat(38)), "a1b2c3")).toThrow("that is no stack name");
    expect(newStacks(asked("enterprise", "a".repeat(27)), "a1b2c3")).toHaveLength(3);
  });
});

test("environments have three short names; another is refused with the one that was meant", () => {
  expect(["dev", "staging", "prod"].map(parseEnvironment)).toEqual(["development", "staging", "production"]);
  const fix = (text: string): string | undefined => {
    try {
      return parseEnvironment(text);
    } catch (error) {
      return (error as { problems: { fix: string }[] }).problems[0]?.fix;
    }
  };
  expect(["production", "Stagin", "devel", "constructor", ""].map(fix)).toEqual([
    "--env prod",
    "--env staging",
    "--env dev",
    "--env dev",
    "--env dev",
  ]);
});

test("regions are three different ones that Fidus knows; every fault is told at once", () => {
  expect(parseRegions("eu-west-1, us-east-1", "eu-north-1")).toEqual({
    regions: ["eu-west-1", "us-east-1"],
    witness: "eu-north-1",
  });
  const fixes = (regions: string, witness: string): string[] => {
    try {
      parseRegions(regions, witness);
      return [];
    } catch (error) {
      return (error as { problems: { fix: string }[] }).problems.map((problem) => problem.fix);
    }
  };
  expect(fixes("eu-central-1", "eu-north-1")).toEqual(["--regions eu-central-1,eu-west-1"]);
  expect(fixes("eu-central-1,eu-central-1", "eu-north-1")).toEqual(["--regions eu-central-1,eu-west-1"]);
  expect(fixes("eu-central-1,eu-west-1,us-east-1", "mars")).toEqual(["--regions eu-central-1,eu-west-1", "--witness eu-north-1"]);
  expect(fixes("eu-north-1,eu-west-1", "eu-north-1")).toEqual(["--witness eu-central-1"]);
});
