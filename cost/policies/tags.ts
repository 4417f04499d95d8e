import { inputAt } from "../plan/values.ts";
import { unknown, violation, type Policy } from "./policy.ts";

const wanted = ["edition", "stack", "version"] as const;

/** Types at clouds that have no labels or tags; every other one does. */
const without = [
  /^hcloud:index\/(networkSubnet|networkRoute|serverNetwork|loadBalancerNetwork|loadBalancerService|loadBalancerTarget|volumeAttachment|firewallAttachment|rdns|zoneRrset|zoneRecord|storageBoxSubaccount):/,
  /^aws:s3\/(bucket[A-Z]\w*|\w*Configuration\w*):/,
  /^aws:(iam\/(rolePolicy\w*|policyAttachment)|kms\/(alias|keyPolicy)|route53\/(record|keySigningKey|hostedZoneDnsSec))/,
  /^aws:(ec2\/(route|routeTableAssociation|mainRouteTableAssociation|securityGroupRule|vpcEndpoint\w*Association)|ecr\/\w*[pP]olicy\w*|eks\/accessPolicyAssociation|cloudwatch\/log\w*Policy|sns\/topic(Subscription|Policy)|autoscaling\/(schedule|tag)):/,
];

/** Who pays for what, and since which release. */
export const tags: Policy = {
  about: `Every resource at a cloud carries the tags ${wanted.join(", ")}.`,
  fix: "Give it the labels of infra/core/naming.ts.",
  check({ urn, type, inputs }) {
    // Another project has tags of its own.
    if (urn.split("::")[1] !== "fidus") return [];
    const key = type.startsWith("hcloud:") ? "labels" : type.startsWith("aws:") ? "tags" : null;
    if (key === null || without.some((pattern) => pattern.test(type))) return [];
    const found = inputAt(inputs, key);
    if (found.kind === "unknown" || found.kind === "secret") return [unknown(key)];
    const given = found.kind === "known" ? Object.keys(found.value as object) : [];
    const missing = wanted.filter((tag) => !given.includes(`fidus.${tag}`));
    return missing.length === 0 ? [] : [violation(`${key} lack ${missing.join(", ")}`)];
  },
};
