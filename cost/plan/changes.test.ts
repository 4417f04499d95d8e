import { expect, test } from "vitest";
import { previewOf, urnOf, type Step } from "../testing.ts";
import { readPlan } from "./read.ts";

const type = "hcloud:index/server:Server";
const [old, now] = [{ serverType: "cx33" }, { serverType: "cx43" }];
const changes = (steps: readonly Step[]) => readPlan(previewOf(steps), "plan.json").changes;
/** op, server type before, after, and what is left alone. */
const seen = (steps: readonly Step[]): unknown[] =>
  changes(steps).map(({ op, before, after, orphan }) => [
    op,
    ...[before, after, orphan].map((state) => state?.inputs["serverType"] ?? null),
  ]);
const step = (op: string, rest: Partial<Step> = {}): Step => ({ op, type, inputs: now, was: old, ...rest });
const gone = (op: string, rest: Partial<Step> = {}): Step => step(op, { was: old, ...rest });
const pending = { pendingReplacement: true };

test.each<[string, readonly Step[], unknown[]]>([
  ["an unchanged one", [step("same", { was: now })], [["same", "cx43", "cx43", null]]],
  ["a new one", [step("create")], [["create", null, "cx43", null]]],
  ["a change in place", [step("update")], [["update", "cx33", "cx43", null]]],
  ["a deleted one", [gone("delete")], [["delete", "cx33", null, null]]],
  [
    "a deleted one that is kept at the vendor",
    [gone("delete", { state: { retainOnDelete: true } })],
    [["delete", "cx33", null, "cx33"]],
  ],
  ["a replacement as one logical step", [step("replace")], [["replace", "cx33", "cx43", null]]],
  [
    "a replacement as three physical steps",
    [step("create-replacement"), step("replace"), gone("delete-replaced")],
    [["replace", "cx33", "cx43", null]],
  ],
  [
    "a replacement whose old one stays",
    [step("replace", { state: { retainOnDelete: true } })],
    [["replace", "cx33", "cx43", "cx33"]],
  ],
  ["a replacement by an imported one", [step("import-replacement")], [["replace", "cx33", "cx43", null]]],
  [
    "an interrupted replacement whose old one is gone already",
    [gone("remove-pending-replace"), step("create-replacement"), step("replace")],
    [["replace", null, "cx43", null]],
  ],
  ["an import", [step("import")], [["import", null, "cx43", null]]],
  ["a read of what belongs to somebody else", [step("read", { state: { external: true } })], [["read", null, null, null]]],
  ["a refresh that a change follows", [step("refresh", { inputs: old }), step("update")], [["update", "cx33", "cx43", null]]],
  ["a refresh alone", [step("refresh", { inputs: old })], [["same", "cx33", "cx33", null]]],
  ["a component", [step("create", { state: { custom: false } })], []],
  ["a provider", [step("create", { type: "pulumi:providers:hcloud" })], []],
])("%s is read once, as it was and as it will be", (_name, steps, expected) => {
  expect(seen(steps)).toEqual(expected);
});

// As the engine writes it, and as it once may have: its own delete steps refuse what is marked so.
test.each(["delete-replaced", "delete"])("a leftover of an earlier replacement stands beside the living one: %s", (op) => {
  const leftover = gone(op, { was: { serverType: "cx23" }, state: { delete: true } });
  expect(seen([step("same", { was: now }), leftover])).toEqual([
    ["same", "cx43", "cx43", null],
    ["leftover", "cx23", null, null],
  ]);
});

test("what this plan replaces is no leftover, though the engine marks it the same way", () => {
  const replaced = gone("delete-replaced", { state: { delete: true } });
  expect(seen([step("create-replacement"), step("replace"), replaced])).toEqual([["replace", "cx33", "cx43", null]]);
});

test("a rename by an alias is no change, and its replacement still counts once", () => {
  const was = urnOf({ type, name: "old" });
  const renamed = { oldState: { urn: was, type, custom: true, inputs: old } };
  expect(seen([step("same", { more: renamed, inputs: old })])).toEqual([["same", "cx33", "cx33", null]]);
  const replaced = [
    step("create-replacement", { more: renamed }),
    step("replace", { more: renamed }),
    gone("delete-replaced", { name: "old" }),
  ];
  expect(seen(replaced)).toEqual([["replace", "cx33", "cx43", null]]);
});

test("delete-first is read from the old state, or from the order of the steps", () => {
  const first = (steps: readonly Step[]): unknown => changes(steps)[0]?.deleteFirst;
  expect(first([step("replace")])).toBe(false);
  expect(first([step("replace", { state: pending })])).toBe(true);
  expect(first([step("create-replacement"), step("replace"), gone("delete-replaced")])).toBe(false);
  expect(first([gone("delete-replaced"), step("replace"), step("create-replacement")])).toBe(true);
});

test("changed inputs come from the engine's diff, from its reasons, or else from the inputs", () => {
  const paths = (more: object): unknown => changes([step("update", { more })])[0]?.paths;
  expect(paths({ detailedDiff: { "publicNets[0].ipv4Enabled": { kind: "update" } }, diffReasons: ["publicNets"] })).toEqual([
    "publicNets[0].ipv4Enabled",
  ]);
  expect(paths({ diffReasons: ["serverType"] })).toEqual(["serverType"]);
  expect(paths({ detailedDiff: null })).toEqual(["serverType"]);
});

test("a refused plan is read with its reason, however little it shows", () => {
  const diagnostics = [{ severity: "error", message: "protected\n" }];
  expect(readPlan(previewOf([step("update")], { diagnostics }), "plan.json")).toMatchObject({ failure: "protected" });
  expect(readPlan(JSON.stringify({ diagnostics }), "plan.json")).toMatchObject({ failure: "protected", changes: [] });
  expect(readPlan(previewOf([step("same")], { maybeCorrupt: true }), "p").failure).toContain("corrupt");
});
