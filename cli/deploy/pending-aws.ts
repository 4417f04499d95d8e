import { crc32 } from "node:zlib";
import { CliError } from "../errors.ts";
import type { PendingResource } from "./pending-resource.ts";

type Inputs = Readonly<Record<string, unknown>>;
const text = (inputs: Inputs, key: string): string => String(inputs[key] ?? "");

/**
 * Ids that follow from what was asked for. Whether it was made the refresh tells: it drops what it does not find. Names carry the
 * installation's id, so that nobody else's is taken. Source: the import sections of the provider's documentation.
 */
const byName: Readonly<Record<string, (inputs: Inputs, account: string) => string>> = {
  "aws:budgets/budget:Budget": (inputs, account) => `${account}:${text(inputs, "name")}`,
  "aws:cloudwatch/logGroup:LogGroup": (inputs) => text(inputs, "name"),
  "aws:ecr/repository:Repository": (inputs) => text(inputs, "name"),
  "aws:eks/accessEntry:AccessEntry": (inputs) => `${text(inputs, "clusterName")}:${text(inputs, "principalArn")}`,
  "aws:ec2/route:Route": (inputs) => `r-${text(inputs, "routeTableId")}${crc32(text(inputs, "destinationCidrBlock"))}`,
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": (inputs) =>
    [text(inputs, "clusterName"), text(inputs, "principalArn"), text(inputs, "policyArn")].join("#"),
  "aws:eks/addon:Addon": (inputs) => `${text(inputs, "clusterName")}:${text(inputs, "addonName")}`,
  "aws:eks/cluster:Cluster": (inputs) => text(inputs, "name"),
  "aws:iam/role:Role": (inputs) => text(inputs, "name"),
  "aws:iam/rolePolicy:RolePolicy": (inputs) => `${text(inputs, "role")}:${text(inputs, "name")}`,
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": (inputs) => `${text(inputs, "role")}/${text(inputs, "policyArn")}`,
  "aws:kms/alias:Alias": (inputs) => text(inputs, "name"),
  "aws:route53/record:Record": (inputs) =>
    ["zoneId", "name", "type", "setIdentifier"].flatMap((key) => text(inputs, key) || []).join("_"),
  "aws:s3/bucket:Bucket": (inputs) => text(inputs, "bucket"),
};

/** The last part of a resource's name, after the last slash. */
const last = (arn: string): string => arn.split("/").at(-1) ?? "";

interface Tagged {
  /** As the tagging API names it: `service:type`. */
  readonly kind: string;
  /** The provider's id. */
  readonly id: (arn: string) => string;
}

/**
 * Ids that AWS gives: found by the tags of the resource. Global services are asked for in us-east-1. Sources: the service
 * authorization reference (ARN formats), the import sections of the provider's documentation.
 */
const byTags: Readonly<Record<string, Tagged>> = {
  "aws:costexplorer/anomalyMonitor:AnomalyMonitor": { kind: "ce:anomalymonitor", id: (arn) => arn },
  "aws:costexplorer/anomalySubscription:AnomalySubscription": { kind: "ce:anomalysubscription", id: (arn) => arn },
  "aws:ec2/eip:Eip": { kind: "ec2:elastic-ip", id: last },
  "aws:ec2/internetGateway:InternetGateway": { kind: "ec2:internet-gateway", id: last },
  "aws:ec2/launchTemplate:LaunchTemplate": { kind: "ec2:launch-template", id: last },
  "aws:ec2/natGateway:NatGateway": { kind: "ec2:natgateway", id: last },
  "aws:ec2/routeTable:RouteTable": { kind: "ec2:route-table", id: last },
  "aws:ec2/securityGroup:SecurityGroup": { kind: "ec2:security-group", id: last },
  "aws:ec2/subnet:Subnet": { kind: "ec2:subnet", id: last },
  "aws:ec2/vpc:Vpc": { kind: "ec2:vpc", id: last },
  "aws:ec2/vpcEndpoint:VpcEndpoint": { kind: "ec2:vpc-endpoint", id: last },
  "aws:eks/nodeGroup:NodeGroup": { kind: "eks:nodegroup", id: (arn) => arn.split("/").slice(1, 3).join(":") },
  "aws:kms/key:Key": { kind: "kms:key", id: last },
  "aws:route53/healthCheck:HealthCheck": { kind: "route53:healthcheck", id: last },
  "aws:route53/zone:Zone": { kind: "route53:hostedzone", id: last },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": { kind: "ec2:security-group-rule", id: last },
};

/** Services without a region of their own. */
const globalServices = /^(ce|route53):/;

/** True for what can be found again after a kill. */
export function isAtAws({ type }: PendingResource): boolean {
  return byName[type] !== undefined || byTags[type] !== undefined;
}

/** Finds the tagged resources of a kind in a region; their ARNs. */
export type FindTagged = (region: string, kind: string, tags: Readonly<Record<string, string>>) => Promise<readonly string[]>;

interface Search {
  readonly account: string;
  /** Asked only where something has a region. */
  readonly regionOfStack: () => Promise<string>;
  readonly signal: AbortSignal;
  /** @default the tagging API, with the credentials that the provider would find */
  readonly find?: FindTagged;
}

/** Ids by URN, of what is there or may be there. Throws when two resources could be meant. */
export async function findAtAws(
  pending: readonly PendingResource[],
  { account, regionOfStack, signal, find = findTagged(signal) }: Search,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { urn, type, inputs = {} } of pending) {
    const named = byName[type];
    const tagged = byTags[type];
    if (named !== undefined) ids.set(urn, named(inputs, account));
    if (tagged === undefined) continue;
    const region = globalServices.test(tagged.kind) ? "us-east-1" : await regionOfStack();
    const arns = await find(region, tagged.kind, tagsOf(inputs));
    if (arns.length > 1) throw ambiguous(urn, arns);
    for (const arn of arns) ids.set(urn, tagged.id(arn));
  }
  return ids;
}

/** The tags that say whose it is and which one: the release, which changes, is left out. */
function tagsOf(inputs: Inputs): Readonly<Record<string, string>> {
  const { "fidus.version": _release, ...tags } = (inputs["tags"] ?? {}) as Readonly<Record<string, string>>;
  return tags;
}

function ambiguous(urn: string, arns: readonly string[]): CliError {
  return new CliError("AWS has several resources with the tags of one that a killed run was making", {
    code: "ambiguous",
    problems: [
      {
        path: urn.split("::").at(-1) ?? urn,
        got: arns.join(", "),
        rule: "one of them",
        fix: "Delete those that nothing uses, then run the same command again.",
      },
    ],
  });
}

function findTagged(signal: AbortSignal): FindTagged {
  return async (region, kind, tags) => {
    // Loaded here: hardly any run needs it. Credentials are looked for as the provider does.
    const { ResourceGroupsTaggingAPIClient, paginateGetResources } = await import("@aws-sdk/client-resource-groups-tagging-api");
    const client = new ResourceGroupsTaggingAPIClient({ region });
    const TagFilters = Object.entries(tags).map(([Key, value]) => ({ Key, Values: [value] }));
    const arns: string[] = [];
    try {
      const pages = paginateGetResources({ client }, { ResourceTypeFilters: [kind], TagFilters });
      for await (const { ResourceTagMappingList = [] } of pages) {
        signal.throwIfAborted();
        arns.push(...ResourceTagMappingList.flatMap(({ ResourceARN }) => ResourceARN ?? []));
      }
      return arns;
    } catch (error) {
      signal.throwIfAborted();
      throw new CliError(`AWS did not say what a killed run had made in ${region}: ${(error as Error).message}`, {
        code: "aws-away",
        fix: "Give credentials that may call tag:GetResources (aws sso login, or AWS_ACCESS_KEY_ID), then run the same command again.",
        cause: error,
      });
    }
  };
}
