import { expect, test } from "vitest";
import { diagramOf, type StateResource } from "./diagram.ts";

const urn = (name: string): string => `urn:pulumi:shop::fidus::type::${name}`;
const component = (name: string, parent = "stack"): StateResource => ({
  urn: urn(name),
  type: "fidus:x:Part",
  parent: urn(parent),
});
const resource = (name: string, parent: string, ...dependencies: string[]): StateResource => ({
  urn: urn(name),
  type: "hcloud:index/server:Server",
  custom: true,
  parent: urn(parent),
  dependencies: dependencies.map(urn),
});
const stack: StateResource = { urn: urn("stack"), type: "pulumi:pulumi:Stack" };

test("a box per component with what it makes, frames for nested ones, arrows to what is needed", () => {
  const resources = [
    stack,
    component("network"),
    resource("vpc", "network"),
    component("cluster"),
    component("one", "cluster"),
    resource("server-1", "one", "vpc"),
    resource("server-2", "one", "vpc", "server-1"),
    resource("alone", "stack", "server-2", "vpc"),
    { urn: urn("hetzner"), type: "pulumi:providers:hcloud", custom: true, parent: urn("stack") },
  ];
  expect(diagramOf(resources).split("\n")).toEqual([
    "flowchart LR",
    '  b1["alone<br>Server"]',
    '  b3["<b>network</b><br>Server"]',
    "  subgraph f1 [cluster]",
    '    b2["<b>one</b><br>2 × Server"]',
    "  end",
    "  b1 --> b2", // and not b1 --> b3, which follows
    "  b2 --> b3",
  ]);
});

test("what a component waits for holds for what is inside it, and a component stands for all it makes", () => {
  const waiting = { ...component("app"), dependencies: [urn("network")] };
  const resources = [
    stack,
    component("network"),
    resource("vpc", "network"),
    waiting,
    component("api", "app"),
    resource("one", "api"),
  ];
  expect(diagramOf(resources).split("\n").at(-1)).toBe("  b1 --> b2");
});

test("nothing but its own stack is an empty chart", () => {
  expect(diagramOf([stack])).toBe("flowchart LR");
});
