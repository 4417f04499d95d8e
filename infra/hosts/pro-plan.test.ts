import { expect, test } from "vitest";
import { serverTypes, type ServerTypeName } from "../core/server-types.ts";
import { proPlanOf } from "./testing.ts";

const outline = (changes: Readonly<Record<string, string>> = {}): string[] =>
  proPlanOf(changes).cluster.hosts.map(({ name, types, privateIp }) => `${name} ${types.join(",")} ${privateIp}`);

test("standard has a server per task, each with its place in the private network [P-03]", () => {
  expect(outline()).toEqual([
    "app-1 cx43,cpx42,ccx33 10.20.0.11",
    "app-2 cx43,cpx42,ccx33 10.20.0.12",
    "app-3 cx43,cpx42,ccx33 10.20.0.13",
    "database-1 cx53,cpx62,ccx33 10.20.0.31",
    "database-2 cx53,cpx62,ccx33 10.20.0.32",
    "llm cx53,cpx62,ccx33 10.20.0.41",
    "monitoring cx33,cpx32,ccx13 10.20.0.51",
  ]);
});

test("compact has three nodes that do everything, and the model and the monitoring apart from them [P-03]", () => {
  expect(outline({ topology: "compact" })).toEqual([
    "node-1 cx53,cpx62,ccx33 10.20.0.11",
    "node-2 cx53,cpx62,ccx33 10.20.0.12",
    "node-3 cx53,cpx62,ccx33 10.20.0.13",
    "llm cx53,cpx62,ccx33 10.20.0.41",
    "monitoring cx33,cpx32,ccx13 10.20.0.51",
  ]);
});

test("every type of the reference size has the cores and the memory that the task was given [P-03]", () => {
  const least: Readonly<Record<string, readonly [vcpus: number, memoryGB: number]>> = { app: [8, 16], database: [8, 32] };
  const checked = proPlanOf({ imageArchitectures: "x86,arm", databaseHosts: "3" }).cluster.hosts.flatMap(({ group, types }) => {
    const [vcpus, memoryGB] = least[group] ?? [2, 4];
    const poor = types.filter((type) => serverTypes[type].vcpus < vcpus || serverTypes[type].memoryGB < memoryGB);
    return poor.map((type) => `${group}: ${type}`);
  });
  expect(checked).toEqual([]);
});

test("the number of app servers is one key, and no other server notices", () => {
  const [three, five] = [outline(), outline({ appHosts: "5" })];
  expect(five.filter((line) => !three.includes(line))).toEqual([
    "app-4 cx43,cpx42,ccx33 10.20.0.14",
    "app-5 cx43,cpx42,ccx33 10.20.0.15",
  ]);
  expect(three.filter((line) => !five.includes(line))).toEqual([]);
});

test("no two hosts share an address, however many there are and however small the network is", () => {
  const { hosts } = proPlanOf({ appHosts: "9", databaseHosts: "3", networkRange: "192.168.7.0/24" }).cluster;
  expect(new Set(hosts.map(({ privateIp }) => privateIp)).size).toBe(hosts.length);
  expect(hosts.every(({ privateIp }) => privateIp.startsWith("192.168.7."))).toBe(true);
  const groups = hosts.map(({ group }) => hosts.filter((host) => host.group === group).length);
  expect(Math.max(...groups)).toBeLessThanOrEqual(10); // Hetzner's limit of a placement group
});

test("only database servers have a disk of their own, as large as was asked", () => {
  const disks = (changes: Readonly<Record<string, string>>) =>
    proPlanOf({ databaseSize: "250 GB", ...changes }).cluster.hosts.filter(({ data }) => data === "250 GB");
  expect(disks({}).map(({ name }) => name)).toEqual(["database-1", "database-2"]);
  expect(disks({ topology: "compact" }).map(({ name }) => name)).toEqual(["node-1", "node-2", "node-3"]);
});

test("a runtime elsewhere needs no host of its own, the gateway before the embedded model does", () => {
  const names = (changes: Readonly<Record<string, string>>) => proPlanOf(changes).cluster.hosts.map(({ name }) => name);
  const elsewhere = { llmBaseUrl: "https://llm.fidus.test/v1" };
  expect(names({ llmRuntime: "vllm", ...elsewhere })).not.toContain("llm");
  expect(names({ llmRuntime: "litellm", ...elsewhere })).not.toContain("llm");
  expect(names({ llmRuntime: "litellm" })).toContain("llm");
});

const typesOf = (host: string, changes: Readonly<Record<string, string>>): readonly ServerTypeName[] | undefined =>
  proPlanOf(changes).cluster.hosts.find(({ name }) => name === host)?.types;

test("the operator's list goes before the table's, for the hosts that it is about", () => {
  expect(typesOf("app-2", { appServerTypes: "ccx43" })).toEqual(["ccx43"]);
  expect(typesOf("node-2", { topology: "compact", appServerTypes: "ccx43" })).toEqual(["ccx43"]);
  expect(typesOf("database-1", { appServerTypes: "ccx43" })).toEqual(["cx53", "cpx62", "ccx33"]);
  expect(typesOf("llm", { llmServerTypes: "ccx53" })).toEqual(["ccx53"]);
  expect(typesOf("monitoring", { monitoringServerTypes: "cx23" })).toEqual(["cx23"]);
});

test("types are those of the processors that images exist for; database servers are all of one", () => {
  expect(typesOf("app-1", { imageArchitectures: "arm" })).toEqual(["cax31"]);
  expect(typesOf("app-1", { imageArchitectures: "x86,arm" })).toEqual(["cx43", "cpx42", "ccx33", "cax31"]);
  expect(typesOf("database-1", { imageArchitectures: "x86,arm" })).toEqual(["cx53", "cpx62", "ccx33"]);
  expect(typesOf("node-1", { imageArchitectures: "arm,x86", topology: "compact" })).toEqual(["cax41"]);
});

test("a location is only asked for what it sells", () => {
  expect(typesOf("app-1", { location: "ash" })).toEqual(["ccx33"]);
  expect(typesOf("database-1", { location: "sin", imageArchitectures: "arm,x86" })).toEqual(["cpx62", "ccx33"]);
});

test("small halves the servers", () => {
  expect(typesOf("app-1", { serverSize: "small" })).toEqual(["cx33", "cpx32", "ccx23"]);
  expect(typesOf("database-1", { serverSize: "small" })).toEqual(["cx43", "cpx42", "ccx23"]);
});
