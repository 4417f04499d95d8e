import type { AwsRegion } from "../core/aws-regions.ts";

/** Name of one region's entrance, whoever serves the domain: what health checks ask and the domain leads to. */
export function regionalName(region: AwsRegion, domain: string): string {
  return `${region}.${domain}`;
}
