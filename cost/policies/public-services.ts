import { isWide } from "../../infra/core/cidr.ts";
import { inputAt, listAt, type Planned } from "../plan/values.ts";
import { unknown, violation, type Policy, type Said } from "./policy.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** Ports of PostgreSQL and its pooler, Redis and Sentinel, etcd, Patroni, the Kubernetes API server and kubelet. */
const inner: ReadonlySet<number> = new Set([5432, 6432, 6379, 26379, 2379, 2380, 8008, 6443, 10250]);

const checks: Readonly<Record<string, (inputs: Inputs) => readonly Said[]>> = {
  "docker:index/container:Container": publishedInner,
  "hcloud:index/loadBalancerService:LoadBalancerService": (inputs) => {
    const port = inputAt(inputs, "listenPort");
    if (port.kind === "known") return inner.has(Number(port.value)) ? [violation(`the balancer listens on ${port.value}`)] : [];
    // Without one it listens on the port of its protocol: 80 or 443.
    return port.kind === "absent" ? [] : [unknown("listenPort")];
  },
  "aws:rds/instance:Instance": mustNotBe("publiclyAccessible", true),
  "aws:rds/clusterInstance:ClusterInstance": mustNotBe("publiclyAccessible", true),
  "aws:eks/cluster:Cluster": apiServer,
};

/** Databases, caches, etcd and the API server of a cluster are reached from inside only. */
export const publicServices: Policy = {
  about: "No database, cache, etcd or API server is reached from the internet.",
  fix: "Bind it to 127.0.0.1 or a private network; for an API server name the networks that may reach it.",
  check: ({ type, inputs }) => checks[type]?.(inputs) ?? [],
};

function mustNotBe(path: string, wrong: unknown) {
  return (inputs: Inputs): readonly Said[] => {
    const found = inputAt(inputs, path);
    if (found.kind === "unknown" || found.kind === "secret") return [unknown(path)];
    return found.kind === "known" && found.value === wrong ? [violation(`${path} is ${String(wrong)}`)] : [];
  };
}

/** Loopback is a matter of this machine alone. */
function publishedInner(inputs: Inputs): readonly Said[] {
  const ports = listAt(inputs, "ports");
  if (ports === null) return [unknown("ports")];
  return ports.flatMap((entry) => {
    if (entry.kind !== "known") return [unknown("a published port")];
    const [internal, ip] = [inputAt(entry.value, "internal"), inputAt(entry.value, "ip")];
    if (internal.kind !== "known") return [unknown("a published port")];
    if (!inner.has(Number(internal.value)) || isLoopback(ip)) return [];
    return ip.kind === "unknown"
      ? [unknown("the address of a published port")]
      : [violation(`port ${String(internal.value)} is published`)];
  });
}

function isLoopback(address: Planned): boolean {
  return address.kind === "known" && /^127\.|^::1$/.test(String(address.value));
}

/** AWS opens it to everybody unless told otherwise. */
function apiServer(inputs: Inputs): readonly Said[] {
  const open = inputAt(inputs, "vpcConfig.endpointPublicAccess");
  if (open.kind === "known" && open.value === false) return [];
  if (open.kind === "unknown") return [unknown("vpcConfig.endpointPublicAccess")];
  const ranges = listAt(inputs, "vpcConfig.publicAccessCidrs");
  if (ranges === null) return [unknown("vpcConfig.publicAccessCidrs")];
  if (ranges.length === 0) return [violation("the API server is open to everybody: no vpcConfig.publicAccessCidrs")];
  return ranges.flatMap((range) => {
    if (range.kind !== "known") return [unknown("a network of vpcConfig.publicAccessCidrs")];
    return isWide(String(range.value)) ? [violation(`the API server is open to ${String(range.value)}`)] : [];
  });
}
