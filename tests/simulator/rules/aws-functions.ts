import type { WireMap } from "../../../toolchain/providers/values.ts";
import { account, region } from "./aws-values.ts";
import type { Asked, FunctionRules } from "./types.ts";
import * as rule from "./values.ts";

/** Short form of a region's name, as zone ids have it: `euc1-az1`. Source: AWS Global Infrastructure, zone ids. */
function shortName(name: string): string {
  const [area = "", way = "", number = ""] = name.split("-");
  const short = /^(north|south)(east|west)$/.exec(way);
  return `${area}${short ? `${short[1]?.[0] ?? ""}${short[2]?.[0] ?? ""}` : (way[0] ?? "")}${number}`;
}

const regionOf = (args: WireMap, { settings }: Asked): string => String(args["region"] ?? args["name"] ?? settings["region"]);

/** Data sources. Source: the provider's schema and the AWS general reference. */
export const awsFunctions: Readonly<Record<string, FunctionRules>> = {
  // Three zones: what every region has that our components may be deployed to.
  "aws:index/getAvailabilityZones:getAvailabilityZones": {
    inputs: { state: rule.oneOf("available", "impaired", "information", "unavailable"), region },
    result: (args, asked) => {
      const name = regionOf(args, asked);
      const all = args["state"] === undefined || args["state"] === "available" ? ["a", "b", "c"] : [];
      return {
        ...args,
        id: name,
        region: name,
        names: all.map((letter) => `${name}${letter}`),
        zoneIds: all.map((_letter, index) => `${shortName(name)}-az${index + 1}`),
        groupNames: all.length === 0 ? [] : [`${name}-zg-1`],
      };
    },
  },
  "aws:index/getCallerIdentity:getCallerIdentity": {
    inputs: {},
    result: () => ({ id: account, accountId: account, arn: `arn:aws:iam::${account}:user/operator`, userId: "AIDASIMULATED" }),
  },
  "aws:index/getPartition:getPartition": {
    inputs: {},
    result: () => ({ id: "aws", partition: "aws", dnsSuffix: "amazonaws.com", reverseDnsPrefix: "com.amazonaws" }),
  },
  "aws:index/getRegion:getRegion": {
    inputs: { region, name: region },
    result: (args, asked) => {
      const name = regionOf(args, asked);
      return { id: name, name, region: name, endpoint: `ec2.${name}.amazonaws.com`, description: `simulated ${name}` };
    },
  },
};
