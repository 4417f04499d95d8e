import { isWide } from "../../infra/core/cidr.ts";
import { inputAt, listAt, planned, type Planned } from "../plan/values.ts";
import { unknown, violation, type Policy, type Said } from "./policy.ts";

const allowed: ReadonlySet<number> = new Set([80, 443]);

/** Where the ways in of a type stand, and how one of them is read; an empty path is the resource itself. */
interface Ways {
  readonly list: string;
  readonly sources: readonly string[];
  readonly ports: (rule: unknown) => Planned;
  readonly inbound: (rule: unknown) => boolean;
}

const awsPorts = (rule: unknown): Planned => {
  const [from, to] = [inputAt(rule, "fromPort"), inputAt(rule, "toPort")];
  if (from.kind !== "known" || to.kind !== "known") return from.kind === "known" ? to : from;
  return { kind: "known", value: `${String(from.value)}-${String(to.value)}` };
};
const always = (): boolean => true;
const is = (path: string, wanted: unknown) => (rule: unknown) => {
  const found = inputAt(rule, path);
  return found.kind !== "known" || found.value === wanted;
};

const waysIn: Readonly<Record<string, Ways>> = {
  "hcloud:index/firewall:Firewall": {
    list: "rules",
    sources: ["sourceIps"],
    ports: (rule) => inputAt(rule, "port"),
    inbound: is("direction", "in"),
  },
  "aws:ec2/securityGroup:SecurityGroup": {
    list: "ingress",
    sources: ["cidrBlocks", "ipv6CidrBlocks"],
    ports: awsPorts,
    inbound: always,
  },
  "aws:ec2/securityGroupRule:SecurityGroupRule": {
    list: "",
    sources: ["cidrBlocks", "ipv6CidrBlocks"],
    ports: awsPorts,
    inbound: is("type", "ingress"),
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
    list: "",
    sources: ["cidrIpv4", "cidrIpv6"],
    ports: awsPorts,
    inbound: always,
  },
};

/** Only the proxy is there for everybody. ICMP has no ports and is left alone. */
export const ingress: Policy = {
  about: "From the whole internet, or more of it than a /8 (IPv6 /16), only ports 80 and 443 are reached.",
  fix: "Name the networks that may come in, or take the rule away.",
  check({ type, inputs }) {
    const ways = waysIn[type];
    if (ways === undefined) return [];
    const rules = ways.list === "" ? [planned(inputs)] : listAt(inputs, ways.list);
    if (rules === null) return [unknown(ways.list)];
    return rules.flatMap((rule) => (rule.kind === "known" ? judge(rule.value, ways) : [unknown(`a rule of ${ways.list}`)]));
  },
};

function judge(rule: unknown, { sources, ports, inbound }: Ways): readonly Said[] {
  if (!inbound(rule)) return [];
  const from = sources.flatMap((path) => sourcesAt(rule, path));
  if (["protocol", "ipProtocol"].some((path) => isIcmp(inputAt(rule, path)))) return [];
  const found = ports(rule);
  // Without ports a rule means all of them.
  const every = found.kind === "known" ? portsOf(String(found.value)) : null;
  if (every !== null && every.every((port) => allowed.has(port))) return [];
  const what = found.kind === "known" ? `port ${String(found.value)}` : "every port";
  if (from.some(({ kind, ...rest }) => kind === "known" && "value" in rest && isWide(String(rest.value)))) {
    return found.kind === "unknown" ? [unknown("a port that is open to everybody")] : [violation(`${what} is open to everybody`)];
  }
  return from.some(({ kind }) => kind !== "known") ? [unknown(`who may reach ${what}`)] : [];
}

function isIcmp(protocol: Planned): boolean {
  return protocol.kind === "known" && ["icmp", "icmpv6", "1", "58"].includes(String(protocol.value));
}

/** A list of networks, or one. */
function sourcesAt(rule: unknown, path: string): readonly Planned[] {
  const found = inputAt(rule, path);
  if (found.kind === "absent") return [];
  if (found.kind === "known" && Array.isArray(found.value)) return found.value.map(planned);
  return [found];
}

/** `22`, `80-443`, `0-0`, `any`: the ports of a short range, null for more than anybody would list. */
function portsOf(text: string): readonly number[] | null {
  const [from = Number.NaN, to = from] = text.split("-").map(Number);
  if (!Number.isInteger(from) || !Number.isInteger(to) || to < from || to - from > 1_000) return null;
  return Array.from({ length: to - from + 1 }, (_, index) => from + index);
}
