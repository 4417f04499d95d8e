import { nthAddress, prefixLength } from "../core/cidr.ts";
import type { ZoneIds } from "./zones.ts";

/** One availability zone of the network. */
export interface ZonePlan {
  readonly zoneId: string;
  /** Part of logical names: a, b, c. */
  readonly letter: string;
  readonly publicRange: string;
  readonly privateRange: string;
  /** Whether a NAT gateway stands in it. */
  readonly hasNat: boolean;
  /** Letter of the zone whose NAT gateway leads out of its private subnet. */
  readonly natFrom: string;
}

export interface NetworkPlan {
  readonly range: string;
  readonly zones: readonly ZonePlan[];
  /** Zones in which AWS services are reached without leaving the network. */
  readonly endpointZones: readonly string[];
}

/** AWS services that nodes and workloads call and that are reached by an interface inside the network. */
export const interfaceServices = ["ecr.api", "ecr.dkr", "sts", "ec2", "secretsmanager", "kms", "logs", "eks-auth"] as const;

/**
 * Cuts a network of 16 or 17 bits: a quarter for the pods and nodes of each of three zones, and of the last quarter a quarter
 * for what each zone shows to the world. `one` NAT gateway also means interface endpoints in one zone: both cost by zone.
 */
export function networkPlan(range: string, zones: ZoneIds, natGateways: "per-zone" | "one"): NetworkPlan {
  const bits = prefixLength(range);
  const single = natGateways === "one";
  const planned = zones.map((zoneId, index): ZonePlan => {
    const letter = "abc"[index] ?? "";
    return {
      zoneId,
      letter,
      privateRange: part(range, bits + 2, index),
      publicRange: part(range, bits + 4, 12 + index),
      hasNat: !single || index === 0,
      natFrom: single ? "a" : letter,
    };
  });
  return { range, zones: planned, endpointZones: planned.filter(({ hasNat }) => hasNat).map(({ letter }) => letter) };
}

/** The n-th network of `bits` inside the range. */
function part(range: string, bits: number, n: number): string {
  return `${nthAddress(range, n * 2 ** (32 - bits))}/${bits}`;
}
