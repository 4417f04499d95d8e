import { expect, test } from "vitest";
import type { Wire, WireMap } from "../../../toolchain/providers/values.ts";
import { checkInputs } from "../check.ts";
import { packageSchemas } from "../plugin.ts";
import type { Fields, Shape } from "../schema/types.ts";
import { packageNames } from "../schema/wanted.ts";
import { cloudRules } from "./index.ts";
import type { TypeRules, ValueRule } from "./types.ts";
import * as rule from "./values.ts";

const types = packageNames.flatMap((name) =>
  Object.entries(cloudRules[name].types).map(([type, rules]) => ({ name, type, rules })),
);

/** The shape at a rule's path: `rules[].port`. */
function shapeAt(fields: Fields, path: string): Shape | undefined {
  let shape: Shape | undefined = fields;
  for (const step of path.split(/\.|(?=\[\])/)) {
    if (shape === undefined || typeof shape === "string") return undefined;
    if (step === "[]") shape = "list" in shape ? shape.list : undefined;
    else shape = "fields" in shape ? shape.fields[step] : undefined;
  }
  return shape;
}

test.each(types)(
  "$type: every rule belongs to an input or output of the SDK, and every computed output has one",
  ({ name, type, rules }) => {
    const schema = packageSchemas[name].resources[type];
    expect(schema).toBeDefined();
    const { inputs, computed } = schema!;
    expect(Object.keys(rules.inputs).filter((path) => shapeAt(inputs, path) === undefined)).toEqual([]);
    expect((rules.required ?? []).filter((key) => !(key in inputs.fields))).toEqual([]);
    expect(Object.keys(rules.outputs).filter((key) => !(key in computed) && !(key in inputs.fields))).toEqual([]);
    expect(Object.keys(computed).filter((key) => !(key in rules.outputs))).toEqual([]);
  },
);

test.each(types)("$type: a rule that names another resource names one that this cloud has", ({ name, rules }) => {
  const named = Object.values(rules.inputs).flatMap(({ refersTo }) => refersTo ?? []);
  expect(named.filter((type) => !(type in (cloudRules[name].types as Record<string, TypeRules>)))).toEqual([]);
});

const accepted: readonly (readonly [ValueRule, readonly Wire[], readonly Wire[]])[] = [
  [
    rule.cidr,
    ["0.0.0.0/0", "::/0", "10.0.0.0/16", "2001:db8::/32", "192.0.2.1/32"],
    ["10.0.0.1/16", "10.0.0.0/33", "10.0.0.0", "::1/64", 5, ""],
  ],
  [rule.ipv4Range(8, 24), ["10.0.0.0/8", "10.1.2.0/24"], ["10.0.0.0/7", "10.1.2.0/25", "2001:db8::/16"]],
  [rule.ip, ["192.0.2.1", "2001:db8::1"], ["192.0.2.256", "example.org", "192.0.2.0/24"]],
  [rule.hostName, ["a", "app-1", "app-1.example.org"], ["-a", "a-", "A", "a_b", "", `${"a".repeat(64)}`]],
  [rule.wholeNumber(1, 3), [1, 3], [0, 4, 1.5, "1", null]],
  [rule.numericIdOf("hcloud:index/server:Server"), [1, 42], [0, -1, 1.5, "42"]],
  [rule.labels, [{ edition: "starter" }, { "a/b": "" }], [{ "": "x" }, { edition: "-x" }, { edition: "a".repeat(64) }, []]],
  [rule.oneOf("a", "b"), ["a"], ["c", "A", 1]],
];

test.each(accepted.map(([value, good, bad]) => ({ rule: value.rule, value, good, bad })))(
  "the rule “$rule” accepts and rejects",
  ({ value, good, bad }) => {
    expect(good.filter((each) => !value.ok(each))).toEqual([]);
    expect(bad.filter((each) => value.ok(each))).toEqual([]);
  },
);

const functions = packageNames.flatMap((name) =>
  Object.entries(cloudRules[name].functions).map(([token, rules]) => ({ name, token, rules })),
);

/** Arguments for what must be named. */
const questions: Readonly<Record<string, WireMap>> = {
  getImage: { name: "debian-13" },
  getLocation: { name: "fsn1" },
  getServerType: { name: "cx53" },
};

/** A row for every path: here only shapes are looked at. */
const anyRow = new Proxy(
  {},
  { get: (_none, path) => (String(path).includes("[]") || !listed.has(String(path)) ? rule.anything : undefined) },
);
const listed = new Set(["serverTypes", "datacenters", "locations"]);

test("every data source that was extracted is answered, and no other", () => {
  for (const name of packageNames)
    expect(Object.keys(cloudRules[name].functions).sort()).toEqual(Object.keys(packageSchemas[name].functions).sort());
});

test.each(functions)("$token: arguments and answer are those of the SDK, and no output is left out", ({ name, token, rules }) => {
  const { args, result } = packageSchemas[name].functions[token]!;
  expect(Object.keys(rules.inputs).filter((path) => shapeAt(args, path) === undefined)).toEqual([]);
  const short = token.split(":")[2] ?? "";
  const type = token.replace(/get(\w+):get\w+/, (_all, what: string) => `${what[0]?.toLowerCase()}${what.slice(1)}:${what}`);
  const outputs = { name: "one", ipRange: "10.0.0.0/16", labels: {}, publicKey: "ssh-ed25519 A", fingerprint: "00" };
  const there = { type, id: "1", name: "one", inputs: { name: "one" }, ready: true };
  const store = { all: () => [{ ...there, outputs: { ...outputs, deleteProtection: false, exposeRoutesToVswitch: false } }] };
  const given = questions[short] ?? (args.fields["name"] && name === "hcloud" ? { name: "one" } : {});
  const answer = rules.result(given, { settings: { region: "eu-central-1" }, store: store as never, soldOut: [] });
  const wanted = Object.keys(result).filter((key) => !(key in args.fields) || key === "id");
  expect(wanted.filter((key) => answer?.[key] === undefined)).toEqual([]);
  expect(checkInputs(answer ?? {}, { fields: result, required: [] }, anyRow).failures).toEqual([]);
});
