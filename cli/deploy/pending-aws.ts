import { crc32 } from "node:zlib";
import { CliError } from "../errors.ts";
import type { AskAws } from "./ask-aws.ts";
import type { PendingResource } from "./pending-resource.ts";

type Inputs = Readonly<Record<string, unknown>>;
const text = (inputs: Inputs, key: string): string => String(inputs[key] ?? "");

/**
 * Ids that follow from what was asked for. Whether it was made the refresh tells: it drops what it does not find. Names carry the
 * installation's id, so that nobody else's is taken. Source: the import sections of the provider's documentation.
 */
const bucketOf = (inputs: Inputs): string => text(inputs, "bucket");
const byName: Readonly<Record<string, (inputs: Inputs, account: string) => string>> = {
  "aws:autoscaling/schedule:Schedule": (inputs) => text(inputs, "scheduledActionName"),
  "aws:autoscaling/tag:Tag": (inputs) =>
    `${text(inputs, "autoscalingGroupName")},${text((inputs["tag"] ?? {}) as Inputs, "key")}`,
  "aws:budgets/budget:Budget": (inputs, account) => `${account}:${text(inputs, "name")}`,
  "aws:cloudwatch/logGroup:LogGroup": (inputs) => text(inputs, "name"),
  "aws:ecr/lifecyclePolicy:LifecyclePolicy": (inputs) => text(inputs, "repository"),
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
  "aws:s3/bucket:Bucket": bucketOf,
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": bucketOf,
  "aws:s3/bucketObjectLockConfiguration:BucketObjectLockConfiguration": bucketOf,
  "aws:s3/bucketObjectv2:BucketObjectv2": (inputs) => `${bucketOf(inputs)}/${text(inputs, "key")}`,
  "aws:s3/bucketPolicy:BucketPolicy": bucketOf,
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": bucketOf,
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig": bucketOf,
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": bucketOf,
  "aws:s3/bucketVersioning:BucketVersioning": bucketOf,
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

/** Has neither name nor tags, and AWS gives its id: its route table knows it. */
const association = "aws:ec2/routeTableAssociation:RouteTableAssociation";

/** Services without a region of their own. */
const globalServices = /^(ce|route53):/;

/** True for what can be found again after a kill. */
export function isAtAws({ type }: PendingResource): boolean {
  return byName[type] !== undefined || byTags[type] !== undefined || type === association;
}

interface Search {
  readonly account: string;
  /** Asked only where something has a region. */
  readonly regionOfStack: () => Promise<string>;
  /** @default AWS itself, with the credentials that the provider would find */
  readonly ask: AskAws;
}

/** Ids by URN, of what is there or may be there. Throws when two resources could be meant. */
export async function findAtAws(
  pending: readonly PendingResource[],
  { account, regionOfStack, ask }: Search,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const { urn, type, inputs = {} } of pending) {
    const named = byName[type];
    const tagged = byTags[type];
    if (named !== undefined) ids.set(urn, named(inputs, account));
    if (type === association) {
      const id = await ask.association(await regionOfStack(), text(inputs, "routeTableId"), text(inputs, "subnetId"));
      if (id !== null) ids.set(urn, id);
    }
    if (tagged === undefined) continue;
    const region = globalServices.test(tagged.kind) ? "us-east-1" : await regionOfStack();
    const arns = await ask.tagged(region, tagged.kind, tagsOf(inputs));
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
