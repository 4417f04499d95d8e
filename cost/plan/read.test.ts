import { expect, test } from "vitest";
import { previewOf, urnOf } from "../testing.ts";
import { plannedResources, readPlan, refuseFailed } from "./read.ts";

const server = { type: "hcloud:index/server:Server", name: "web", inputs: { serverType: "cx33" } } as const;

test("what stays after the deployment is read, once each, and what leaves is not", () => {
  const steps = [
    { ...server, op: "create-replacement", inputs: { serverType: "cx43" } },
    { ...server, op: "replace", inputs: { serverType: "cx43" } },
    { ...server, op: "delete-replaced", inputs: { serverType: "cx33" } },
    { ...server, op: "same", name: "other" },
    { ...server, op: "delete", name: "old" },
  ];
  const resources = plannedResources(readPlan(previewOf(steps, { changeSummary: { same: 1 } }), "plan.json"));
  expect(resources.map(({ name, inputs }) => [name, inputs["serverType"]])).toEqual([
    ["web", "cx43"],
    ["other", "cx33"],
  ]);
  expect(resources[0]).toMatchObject({ urn: urnOf(server), type: server.type, protect: false });
});

test.each([
  ["nothing", "", "an empty file"],
  ["no JSON", "Previewing update (shop)", "no JSON document"],
  ["another document", '{"version":3}', "JSON without the steps of a preview"],
  ["a list", "[]", "JSON that is no object"],
  ["a step without a URN", '{"steps":[{"op":"create"}]}', "JSON without the steps.0.urn of a preview"],
  ["a preview that failed", previewOf([], { diagnostics: [{ severity: "error", message: "no token\n" }] }), "failed: no token"],
  ["a preview of nothing", previewOf([]), "a plan without a step"],
  ["a preview without what is unchanged", previewOf([server], { changeSummary: { same: 7 } }), "0 of 7 unchanged resources"],
])("%s is refused with the command that writes a plan", (_name, text, said) => {
  const read = (): void => refuseFailed(readPlan(text, "plan.json"), "plan.json");
  expect(read).toThrow(said);
  expect(read).toThrow("plan.json: got ");
  expect(read).toThrow("pulumi preview --json --show-sames > plan.json");
});

const step = (more: object): string =>
  JSON.stringify({ steps: [{ op: "create", urn: urnOf(server), ...more }], changeSummary: {} });
const state = { type: server.type, inputs: {} };

test.each([
  ["a step without a state, which no total would count", step({}), "JSON without the steps.0.newState of a preview"],
  ["a type that is none", step({ newState: { type: "constructor" } }), "JSON without the steps.0.newState.type of a preview"],
  ["a resource that is made twice", previewOf([server, server]), 'two steps \\"create\\" of '],
  [
    "values without an end",
    step({ newState: state, x: JSON.parse(`${"[".repeat(501)}${"]".repeat(501)}`) as unknown }),
    "deeper than 500",
  ],
])("%s is refused", (_name, text, said) => expect(() => readPlan(text, "plan.json")).toThrow(said));

test("what is no component counts, a byte order mark does not, and a brace in a text is no nesting", () => {
  const text = step({ newState: { ...state, inputs: { note: `\\"${"{[".repeat(600)}` } } });
  expect(readPlan(`\ufeff${text}`, "plan.json").changes).toMatchObject([{ op: "create", type: server.type }]);
  const odd = { op: "constructor", urn: urnOf(server), oldState: state, newState: state };
  expect(readPlan(JSON.stringify({ steps: [odd] }), "plan.json").changes).toMatchObject([{ op: "update" }]);
});

test("an error of the engine without a message is one all the same", () => {
  const diagnostics = [{ severity: "error", message: " " }];
  expect(readPlan(previewOf([server], { diagnostics }), "plan.json").failure).toBe("an error without a message");
});
