import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import { AccessEntry } from "@pulumi/aws/eks/accessEntry.js";
import { AccessPolicyAssociation } from "@pulumi/aws/eks/accessPolicyAssociation.js";
import { Cluster } from "@pulumi/aws/eks/cluster.js";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { addOnsBeforeNodes, type KubernetesVersion } from "./add-on-versions.ts";
import { AddOns } from "./add-ons.ts";
import { trustText } from "./policy.ts";
import { ServiceRole } from "./role.ts";
import { awsTags } from "./tags.ts";

/** What the configuration says of a cluster. */
export interface ClusterPlan {
  readonly kubernetesVersion: KubernetesVersion;
  /** Networks that reach the API from outside; none: only the network itself does. */
  readonly adminRanges: readonly string[];
  /** IAM roles and users that administer the cluster. */
  readonly admins: readonly string[];
  readonly controlPlaneTier: string;
  /** Whether AWS refuses to delete it. */
  readonly deletionProtection: boolean;
  readonly logRetentionDays: number;
}

export interface EksClusterArgs {
  readonly identity: CloudIdentity;
  readonly plan: ClusterPlan;
  readonly subnetIds: readonly pulumi.Input<string>[];
  /** Key of the secrets inside the cluster. */
  readonly secretsKeyArn: pulumi.Input<string>;
  /** Key of its logs. */
  readonly logsKeyArn: pulumi.Input<string>;
}

/** How a cluster is reached by what deploys to it. It holds no credential: `aws eks get-token` makes one. */
export interface ClusterReach {
  readonly name: pulumi.Output<string>;
  readonly endpoint: pulumi.Output<string>;
  /** Certificate authority of the endpoint, PEM in base64. */
  readonly certificateAuthority: pulumi.Output<string>;
}

const logTypes = ["api", "audit", "authenticator", "controllerManager", "scheduler"];
const adminPolicy = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy";

/** A Kubernetes cluster that nobody enters but its administrators, with all its logs on and what nodes need to join. */
export class EksCluster extends pulumi.ComponentResource implements ClusterReach {
  readonly name: pulumi.Output<string>;
  readonly endpoint: pulumi.Output<string>;
  readonly certificateAuthority: pulumi.Output<string>;

  constructor(name: string, args: EksClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:EksCluster", name, {}, opts);
    const { identity, plan, subnetIds, secretsKeyArn, logsKeyArn } = args;
    const own = { parent: this };
    const clusterName = cloudName(identity, "cluster");
    const tags = awsTags(identity, "cluster");
    const logs = { name: `/aws/eks/${clusterName}/cluster`, retentionInDays: plan.logRetentionDays, kmsKeyId: logsKeyArn, tags };
    const logGroup = new LogGroup(`${name}-logs`, logs, { ...own, protect: true });
    const trust = trustText("eks.amazonaws.com", ["sts:AssumeRole", "sts:TagSession"]);
    const roleArgs = { identity, role: "cluster", trust, managedPolicies: ["AmazonEKSClusterPolicy"] };
    const role = new ServiceRole(`${name}-role`, roleArgs, own);
    const cluster = new Cluster(
      `${name}-cluster`,
      {
        name: clusterName,
        version: plan.kubernetesVersion,
        roleArn: role.arn,
        accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
        bootstrapSelfManagedAddons: false,
        vpcConfig: { subnetIds: [...subnetIds], ...endpointAccess(plan.adminRanges) },
        encryptionConfig: { provider: { keyArn: secretsKeyArn }, resources: ["secrets"] },
        enabledClusterLogTypes: logTypes,
        upgradePolicy: { supportType: "STANDARD" }, // extended support costs six times as much, and comes by itself
        controlPlaneScalingConfig: { tier: plan.controlPlaneTier },
        zonalShiftConfig: { enabled: true },
        deletionProtection: plan.deletionProtection,
        tags,
      },
      { ...own, protect: true, dependsOn: [logGroup, role] }, // else EKS makes a log group of its own that never forgets
    );
    for (const arn of plan.admins) this.#admin(`${name}-admin-${shortName(arn)}`, identity, cluster, arn);
    const { kubernetesVersion } = plan;
    new AddOns(`${name}-core`, { identity, names: addOnsBeforeNodes, kubernetesVersion, clusterName: cluster.name }, own);
    this.name = cluster.name;
    this.endpoint = cluster.endpoint;
    this.certificateAuthority = cluster.certificateAuthority.apply(({ data }) => data);
    this.registerOutputs({ name: this.name, endpoint: this.endpoint, certificateAuthority: this.certificateAuthority });
  }

  #admin(name: string, identity: CloudIdentity, cluster: Cluster, principalArn: string): void {
    const whom = { clusterName: cluster.name, principalArn };
    const entry = { ...whom, type: "STANDARD", tags: awsTags(identity, "admin") };
    const made = new AccessEntry(name, entry, { parent: this });
    new AccessPolicyAssociation(
      `${name}-policy`,
      { ...whom, policyArn: adminPolicy, accessScope: { type: "cluster" } },
      { parent: this, dependsOn: [made], deleteBeforeReplace: true }, // else the later delete takes the new one away
    );
  }
}

/** The API is always reached from inside; from outside only by the named networks. */
export function endpointAccess(adminRanges: readonly string[]): {
  readonly endpointPrivateAccess: true;
  readonly endpointPublicAccess: boolean;
  readonly publicAccessCidrs?: string[];
} {
  if (adminRanges.length === 0) return { endpointPrivateAccess: true, endpointPublicAccess: false };
  return { endpointPrivateAccess: true, endpointPublicAccess: true, publicAccessCidrs: [...adminRanges] };
}

/** Part of a logical name: the end of the ARN for people, a digest for the whole. */
function shortName(arn: string): string {
  const end = arn.split("/").at(-1) ?? "";
  return `${end}-${createHash("sha256").update(arn).digest("hex").slice(0, 6)}`;
}
