import { describe, expect, test } from "vitest";
import { formatProblem } from "../core/errors.ts";
import type { HostPlan, Role } from "./pro-topology.ts";
import { survivalProblems } from "./survival.ts";
import { proPlanOf } from "./testing.ts";

const clusters: Readonly<Record<string, readonly HostPlan[]>> = {
  standard: proPlanOf().cluster.hosts,
  "standard at its largest": proPlanOf({ appHosts: "9", databaseHosts: "3" }).cluster.hosts,
  "standard with a runtime elsewhere": proPlanOf({ llmRuntime: "vllm", llmBaseUrl: "https://llm.fidus.test/v1" }).cluster.hosts,
  compact: proPlanOf({ topology: "compact" }).cluster.hosts,
};

type Hosts = Parameters<typeof survivalProblems>[0];
const count = (hosts: Hosts, role: Role): number => hosts.filter(({ roles }) => roles.includes(role)).length;

describe.each(Object.entries(clusters))("%s", (_, hosts) => {
  test.each(hosts.map(({ name }) => name))(
    "without %s an etcd majority, a PostgreSQL and a Sentinel majority remain [P-03]",
    (lost) => {
      const left = hosts.filter(({ name }) => name !== lost);
      expect(left).toHaveLength(hosts.length - 1);
      for (const role of ["etcd", "sentinel"] as const) expect(count(left, role), role).toBeGreaterThan(count(hosts, role) / 2);
      for (const role of ["postgres", "redis", "traefik", "api", "web", "worker"] as const)
        expect(count(left, role), role).toBeGreaterThanOrEqual(1);
    },
  );

  test("votes are three, an odd number of them", () => {
    for (const role of ["etcd", "sentinel", "redis"] as const) expect(count(hosts, role), role).toBe(3);
  });

  test("the program's own check agrees", () => expect(survivalProblems(hosts)).toEqual([]));
});

const host = (name: string, group: string, ...roles: Role[]) => ({ name, group, roles });
const everything: Role[] = ["traefik", "api", "web", "worker", "etcd", "sentinel", "redis", "postgres"];
const three = [1, 2, 3].map((number) => host(`node-${number}`, "node", ...everything));
const without = (...roles: Role[]) => host("node-3", "node", ...everything.filter((role) => !roles.includes(role)));
const said = (hosts: Hosts): string[] => survivalProblems(hosts).map(formatProblem);

test("two votes for etcd and Sentinel are refused: without either of the two there is no majority", () => {
  expect(said([...three.slice(0, 2), without("etcd", "sentinel")])).toEqual([
    'topology without node-1: got "1 of 2 hosts with etcd"; needs a majority of the etcd votes: 2. Give etcd to more hosts in infra/hosts/pro-topology.ts.',
    'topology without node-1: got "1 of 2 hosts with sentinel"; needs a majority of the Sentinels: 2. Give sentinel to more hosts in infra/hosts/pro-topology.ts.',
    'topology without node-2: got "1 of 2 hosts with etcd"; needs a majority of the etcd votes: 2. Give etcd to more hosts in infra/hosts/pro-topology.ts.',
    'topology without node-2: got "1 of 2 hosts with sentinel"; needs a majority of the Sentinels: 2. Give sentinel to more hosts in infra/hosts/pro-topology.ts.',
  ]);
});

test("one PostgreSQL is refused, and a cluster in which nobody has a role at all", () => {
  const alone = three.map((each, index) => (index === 0 ? each : { ...each, roles: without("postgres").roles }));
  expect(said(alone)).toEqual([
    expect.stringContaining(
      'topology without node-1: got "0 of 1 hosts with postgres"; needs a PostgreSQL that is primary or can',
    ),
  ]);
  expect(said([host("one", "node")])).toHaveLength(8);
});

test("a role in two groups is refused: one machine at Hetzner may carry a server of each", () => {
  const split = [...three.slice(0, 2), without("etcd"), host("voter", "voter", "etcd")];
  expect(said(split)).toEqual([
    'topology: got "etcd in the groups node, voter"; needs one group, whose servers are kept on different machines. Move it in infra/hosts/pro-topology.ts.',
  ]);
  expect(said(three)).toEqual([]);
});
