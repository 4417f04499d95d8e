/** AWS regions that Fidus knows, European ones first. */
export const awsRegions = [
  "eu-central-1",
  "eu-west-1",
  "eu-north-1",
  "eu-west-2",
  "eu-west-3",
  "us-east-1",
  "us-east-2",
  "us-west-2",
] as const;
export type AwsRegion = (typeof awsRegions)[number];

/** Why a region is a poor choice; null when nothing speaks against it. Source: AWS post-event summary of 2025-10-19. */
export function regionWarning(region: AwsRegion): string | null {
  return region === "us-east-1"
    ? "us-east-1 holds the control planes of Route 53 and IAM, and could not start machines for 15 hours in October 2025: a poor place to fail over to"
    : null;
}
