import replaceRules from "../../../cost/rules/replace-rules.json" with { type: "json" };
import type { Wanted } from "./extract.ts";

/** The packages that exist as a simulated cloud. */
export const packageNames = ["hcloud", "cloudflare", "aws"] as const;
export type PackageName = (typeof packageNames)[number];

const functions: Readonly<Record<PackageName, readonly string[]>> = {
  hcloud: [],
  cloudflare: [],
  aws: [
    "aws:index/getAvailabilityZones:getAvailabilityZones",
    "aws:index/getCallerIdentity:getCallerIdentity",
    "aws:index/getPartition:getPartition",
  ],
};

/** What to extract of a package: the types whose replace rules are known, and the data sources that components read. */
export function wantedOf(name: PackageName): Wanted {
  const resources = Object.keys(replaceRules.types).filter((token) => token.startsWith(`${name}:`));
  return { resources: resources.sort(), functions: functions[name] };
}
