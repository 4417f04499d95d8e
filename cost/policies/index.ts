import { plannedResources, type Plan } from "../plan/read.ts";
import { encryption, protection } from "./data.ts";
import { gpuLimit } from "./gpus.ts";
import { images } from "./images.ts";
import { ingress } from "./ingress.ts";
import { plainSecrets } from "./plain-secrets.ts";
import type { Finding, Policy } from "./policy.ts";
import { publicServices } from "./public-services.ts";
import { tags } from "./tags.ts";

/** Rules over single resources by name. */
const policies: Readonly<Record<string, Policy>> = {
  "open-ingress": ingress,
  "public-service": publicServices,
  encryption,
  protection,
  "mutable-image": images,
  tags,
};

/** What has to hold, by the name under which a finding says that it does not. */
export const rules: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(policies).map(([name, { about }]) => [name, about])),
  "gpu-limit": "No more GPUs may run at the same time than are allowed.",
  "plain-secret": "No secret stands in a stack's config in clear.",
};

export interface PolicyLimits {
  /** GPUs that may run at the same time in one stack. @default 8 */
  readonly maxGpus?: number;
}

/** Every rule over a plan. What cannot be known before the deployment is a finding too. */
export function checkPolicies(plan: Plan, { maxGpus = 8 }: PolicyLimits = {}): readonly Finding[] {
  const resources = plannedResources(plan);
  const each = resources.flatMap((resource) =>
    Object.entries(policies).flatMap(([rule, { check, fix }]) =>
      check(resource).map((said) => ({ ...said, rule, urn: resource.urn, fix })),
    ),
  );
  return [...each, ...gpuLimit(resources, maxGpus), ...plainSecrets(plan.stack, plan.config)];
}
