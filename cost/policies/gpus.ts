import type { PlannedResource } from "../plan/read.ts";
import { inputAt, listAt } from "../plan/values.ts";
import { unknown, violation, type Finding, type Said } from "./policy.ts";

/** GPUs of an AWS instance by size, for the families of accelerated types (instance type pages of AWS, 2026-11). */
const bySize: Readonly<Record<string, number>> = {
  "g5.12xlarge": 4,
  "g5.24xlarge": 4,
  "g5.48xlarge": 8,
  "g6.12xlarge": 4,
  "g6.24xlarge": 4,
  "g6.48xlarge": 8,
  "g6e.12xlarge": 4,
  "g6e.24xlarge": 4,
  "g6e.48xlarge": 8,
  "p4d.24xlarge": 8,
  "p4de.24xlarge": 8,
  "p5.48xlarge": 8,
};

/** GPUs of one machine of this type; 0 where it has none. */
export function gpusOf(instanceType: string): number {
  return bySize[instanceType] ?? (/^(g\d|p\d)/.test(instanceType) ? 1 : 0);
}

/** All GPUs that a plan lets run at the same time are at most `limit`. */
export function gpuLimit(resources: readonly PlannedResource[], limit: number): readonly Finding[] {
  let most = 0;
  const findings: Finding[] = [];
  const found = (urn: string, said: Said): void =>
    void findings.push({ ...said, rule: "gpu-limit", urn, fix: "Lower gpuNodesMax, or raise --max-gpus." });
  let last = "";
  for (const { type, urn, inputs } of resources) {
    if (type !== "aws:eks/nodeGroup:NodeGroup") continue;
    const types = listAt(inputs, "instanceTypes");
    if (types === null || types.some(({ kind }) => kind !== "known")) {
      found(urn, unknown("instanceTypes"));
      continue;
    }
    const each = Math.max(0, ...types.map((one) => (one.kind === "known" ? gpusOf(String(one.value)) : 0)));
    if (each === 0) continue;
    const nodes = inputAt(inputs, "scalingConfig.maxSize");
    if (nodes.kind !== "known") found(urn, unknown("scalingConfig.maxSize"));
    else most += each * Number(nodes.value);
    last = urn;
  }
  if (most > limit) found(last, violation(`up to ${most} GPUs may run, ${limit} are allowed`));
  return findings;
}
