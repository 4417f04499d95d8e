import type { Problem } from "../core/errors.ts";
import type { HostPlan, Role } from "./pro-topology.ts";

type Host = Pick<HostPlan, "name" | "group" | "roles">;

/** What must be left without any one host. */
interface Guarantee {
  readonly role: Role;
  readonly rule: string;
  /** Of `all` hosts with the role, how many must be left. */
  readonly least: (all: number) => number;
}

const majority = (all: number): number => Math.floor(all / 2) + 1;
const one = (): number => 1;

const guarantees: readonly Guarantee[] = [
  { role: "etcd", rule: "a majority of the etcd votes", least: majority },
  { role: "sentinel", rule: "a majority of the Sentinels", least: majority },
  { role: "postgres", rule: "a PostgreSQL that is primary or can be promoted", least: one },
  { role: "redis", rule: "a Redis that is master or can be promoted", least: one },
  { role: "traefik", rule: "a Traefik that the balancer reaches", least: one },
  { role: "api", rule: "an API", least: one },
  { role: "web", rule: "a page", least: one },
  { role: "worker", rule: "a worker", least: one },
];

/**
 * What the cluster would lose with any one host, be it a server or the machine at Hetzner on which it runs: [] when it survives
 * each. The model and the monitoring may be lost: the first has one host, the second watches and serves nobody.
 */
export function survivalProblems(hosts: readonly Host[]): Problem[] {
  return [...hosts.flatMap((lost) => lossProblems(lost, hosts)), ...apartProblems(hosts)];
}

function lossProblems(lost: Host, hosts: readonly Host[]): Problem[] {
  const left = hosts.filter((host) => host !== lost);
  return guarantees
    .map(({ role, rule, least }) => ({ role, rule, least: least(count(hosts, role)), left: count(left, role) }))
    .filter(({ least, left }) => left < least)
    .map(({ role, rule, least, left }) => ({
      path: `topology without ${lost.name}`,
      got: `${left} of ${count(hosts, role)} hosts with ${role}`,
      rule: `${rule}: ${least}`,
      fix: `Give ${role} to more hosts in infra/hosts/pro-topology.ts.`,
    }));
}

/** A machine at Hetzner can carry servers of different groups, never two of one: a role that counts must not be in two groups. */
function apartProblems(hosts: readonly Host[]): Problem[] {
  return guarantees
    .filter(({ least }) => least === majority)
    .map(({ role }) => ({
      role,
      groups: [...new Set(hosts.filter(({ roles }) => roles.includes(role)).map(({ group }) => group))],
    }))
    .filter(({ groups }) => groups.length > 1)
    .map(({ role, groups }) => ({
      path: "topology",
      got: `${role} in the groups ${groups.join(", ")}`,
      rule: "one group, whose servers are kept on different machines",
      fix: "Move it in infra/hosts/pro-topology.ts.",
    }));
}

function count(hosts: readonly Host[], role: Role): number {
  return hosts.filter(({ roles }) => roles.includes(role)).length;
}
