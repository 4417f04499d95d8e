import { headroom } from "../estimators/aws-compute.ts";
import type { PlannedResource } from "../plan/read.ts";
import { inputAt, listAt, planned } from "../plan/values.ts";
import { exact } from "../money.ts";
import type { Card } from "./schema.ts";
import type { DeclaredGenerator } from "./usage.ts";

type Generator = Card["generators"][number];
type Found = Pick<Generator, "kind" | "urn" | "reason">;

/**
 * Cost that arises outside the plan: what Kubernetes and autoscalers make by themselves, and storage that no plan shows. What is
 * declared has its amount and takes its kind off the list; the rest has none.
 */
export function generatorsOf(
  resources: readonly PlannedResource[],
  config: Readonly<Record<string, unknown>>,
  declared: readonly DeclaredGenerator[],
): readonly Generator[] {
  const found = [...resources.flatMap(ofResource), ...ofConfig(config)];
  const open = found.filter(({ kind, urn }) => !declared.some((each) => covers(each, kind, urn)));
  return [
    ...open.map((each) => ({ ...each, currency: null, monthly: null })),
    ...declared.map(({ name, kind, amount, currency }) => ({
      ...{ kind: kind ?? "declared", urn: null, reason: `declared: ${name}`, currency, monthly: exact(amount) },
    })),
  ];
}

function covers(declared: DeclaredGenerator, kind: string, urn: string | null): boolean {
  return declared.kind === kind && (declared.covers === null || urn?.includes(declared.covers) === true);
}

function ofResource(resource: PlannedResource): Found[] {
  const { urn, type, inputs } = resource;
  const found = (kind: string, reason: string): Found[] => [{ kind, urn, reason }];
  switch (type) {
    case "aws:eks/nodeGroup:NodeGroup": {
      const more = headroom(resource);
      if (more === null) return found("autoscaled-nodes", "how far it may grow is not known");
      return more.gt(0) ? found("autoscaled-nodes", `may grow by ${exact(more)} nodes that are not priced`) : [];
    }
    case "aws:eks/cluster:Cluster":
      return inputAt(inputs, "computeConfig.enabled").kind === "absent" || isFalse(inputs, "computeConfig.enabled")
        ? []
        : found("auto-mode-nodes", "Auto Mode buys nodes by itself, with a fee on each");
    case "kubernetes:core/v1:Service":
      return isOneOf(inputs, "spec.type", "LoadBalancer")
        ? found("kubernetes-load-balancer", "the cluster buys a load balancer for it")
        : [];
    case "kubernetes:core/v1:PersistentVolumeClaim":
      return found("kubernetes-volume", "the cluster buys a disk for it");
    case "kubernetes:apps/v1:StatefulSet":
      return listAt(inputs, "spec.volumeClaimTemplates")?.length === 0
        ? []
        : found("kubernetes-volume", "the cluster buys a disk for each of its pods");
    case "kubernetes:karpenter.sh/v1:NodePool":
      return found("autoscaled-nodes", "buys nodes by itself");
    case "kubernetes:helm.sh/v3:Release":
      return found("helm-release", "a chart can buy load balancers and disks");
    default:
      return [];
  }
}

/** A bucket at Hetzner costs an account's base price, and a plan shows only that it is used. */
function ofConfig(config: Readonly<Record<string, unknown>>): Found[] {
  const used = Object.values(config).some((value) => {
    const found = planned(value);
    return found.kind === "known" && /\byour-objectstorage\.com\b/.test(JSON.stringify(found.value));
  });
  return used ? [{ kind: "hetzner-object-storage", urn: null, reason: "object storage at Hetzner is not part of the plan" }] : [];
}

function isFalse(inputs: unknown, path: string): boolean {
  const found = inputAt(inputs, path);
  return found.kind === "known" && found.value === false;
}

function isOneOf(inputs: unknown, path: string, value: string): boolean {
  const found = inputAt(inputs, path);
  return found.kind === "unknown" || (found.kind === "known" && found.value === value);
}
