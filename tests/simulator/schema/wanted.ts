import { replaceRules } from "../../../cost/rules/replacing.ts";
import type { Wanted } from "./extract.ts";

/** The packages that exist as a simulated cloud. */
export const packageNames = ["hcloud", "cloudflare", "aws"] as const;
export type PackageName = (typeof packageNames)[number];

const functions: Readonly<Record<PackageName, readonly string[]>> = {
  hcloud: [
    "hcloud:index/getDatacenters:getDatacenters",
    "hcloud:index/getImage:getImage",
    "hcloud:index/getLocation:getLocation",
    "hcloud:index/getLocations:getLocations",
    "hcloud:index/getNetwork:getNetwork",
    "hcloud:index/getServerType:getServerType",
    "hcloud:index/getServerTypes:getServerTypes",
    "hcloud:index/getSshKey:getSshKey",
  ],
  cloudflare: [],
  aws: [
    "aws:index/getAvailabilityZones:getAvailabilityZones",
    "aws:index/getCallerIdentity:getCallerIdentity",
    "aws:index/getPartition:getPartition",
    "aws:index/getRegion:getRegion",
  ],
};

/** Types that components use and whose replace rules nobody has read: a change of them counts as a replacement. */
const withoutReplaceRules: readonly string[] = ["aws:autoscaling/schedule:Schedule", "aws:s3/bucketObjectv2:BucketObjectv2"];

/** What to extract of a package: the types whose replace rules are known, those that we use without, and the data sources that a program may ask. */
export function wantedOf(name: PackageName): Wanted {
  const types = [...Object.keys(replaceRules), ...withoutReplaceRules];
  const resources = types.filter((token) => token.startsWith(`${name}:`));
  return { resources: resources.sort(), functions: functions[name] };
}
