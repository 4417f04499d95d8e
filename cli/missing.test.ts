import { expect, test } from "vitest";
import type { StateResource } from "./engine.ts";
import { missingServices } from "./missing.ts";

const urn = (type: string, name: string): string => `urn:pulumi:community::fidus::${type}::${name}`;
const service = (name: string): StateResource => ({
  ...{ urn: urn("fidus:docker:Service", name), type: "fidus:docker:Service" },
  ...{ id: "", parent: "", protect: false, name: null },
});
const container = (name: string, id: string): StateResource => ({
  ...{ urn: urn("docker:index/container:Container", `${name}-container`), type: "docker:index/container:Container" },
  ...{ id, parent: urn("fidus:docker:Service", name), protect: false, name: `fidus-a1b2c3-community-${name}` },
});
const state = [service("web"), container("web", "1"), service("worker"), container("worker", "2")];

test("nothing is missing while the engine holds every container of the state", () => {
  expect(missingServices(state, [{ id: "1" }, { id: "2" }])).toEqual([]);
});

test("a container that is gone is missed under its name, also when another one has taken its place", () => {
  expect(missingServices(state, [{ id: "1" }])).toEqual(["fidus-a1b2c3-community-worker"]);
  expect(missingServices(state, [{ id: "1" }, { id: "3" }])).toEqual(["fidus-a1b2c3-community-worker"]);
});

test("a service whose container the last run could not make is missing too", () => {
  expect(missingServices([...state, service("proxy-service")], [{ id: "1" }, { id: "2" }])).toEqual(["proxy-service"]);
});

test("a stack that is down misses nothing: its services are meant to be gone", () => {
  expect(missingServices([service("web"), service("worker")], [])).toEqual([]);
});
