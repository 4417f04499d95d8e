import type { AwsRegion } from "../core/aws-regions.ts";

export type ZoneIds = readonly [string, string, string];

/**
 * The three availability zones that a region's stack uses, by id: the same buildings for every account, whatever letters AWS
 * gave them there, and the same tomorrow, when AWS has opened another one. use1-az3 cannot hold a control plane of EKS.
 * Source: EKS user guide, network requirements.
 */
export const zoneIds: Readonly<Record<AwsRegion, ZoneIds>> = {
  "eu-central-1": ["euc1-az1", "euc1-az2", "euc1-az3"],
  "eu-west-1": ["euw1-az1", "euw1-az2", "euw1-az3"],
  "eu-north-1": ["eun1-az1", "eun1-az2", "eun1-az3"],
  "eu-west-2": ["euw2-az1", "euw2-az2", "euw2-az3"],
  "eu-west-3": ["euw3-az1", "euw3-az2", "euw3-az3"],
  "us-east-1": ["use1-az1", "use1-az2", "use1-az4"],
  "us-east-2": ["use2-az1", "use2-az2", "use2-az3"],
  "us-west-2": ["usw2-az1", "usw2-az2", "usw2-az3"],
};
