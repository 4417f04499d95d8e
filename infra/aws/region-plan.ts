import type { StackConfig } from "../config/read.ts";
import type { AwsRegion } from "../core/aws-regions.ts";
import { problemUnless, throwIfAny } from "../core/errors.ts";
import type { CloudIdentity } from "../core/naming.ts";
import { seconds, type Duration, type Money } from "../core/units.ts";
import { copyTarget, type BackupPlan } from "./backup-plan.ts";
import type { ClusterPlan } from "./cluster.ts";
import { networkPlan, type NetworkPlan } from "./network-plan.ts";
import { gpuNodes, systemNodes, type NodePlan } from "./node-plan.ts";
import { regionalName } from "./regional-name.ts";
import { zoneIds } from "./zones.ts";

type Config = StackConfig<"enterprise-region">;

/** What a region's program builds, decided from its configuration and its stack's name alone. */
export interface RegionPlan {
  /** Settings of AWS's provider. */
  readonly aws: { readonly region: AwsRegion; readonly allowedAccountIds: string[] };
  readonly network: NetworkPlan;
  readonly cluster: ClusterPlan;
  readonly systemNodes: NodePlan;
  readonly gpuNodes: NodePlan | null;
  readonly backups: BackupPlan;
  readonly logRetentionDays: number;
  readonly cost: { readonly monthly: Money; readonly unusual: Money; readonly email: string };
  readonly urls: { readonly url: string; readonly apiUrl: string; readonly healthUrl: string; readonly adminCommand: string };
}

/** Turns the keys into what is built. */
export function regionPlan(cfg: Config, identity: CloudIdentity): RegionPlan {
  const { region, awsAccountId, domain } = cfg;
  const peer = `${familyOf(identity.stack, region)}-${cfg.peerRegion}`;
  const url = `https://${domain}`;
  return {
    aws: { region, allowedAccountIds: [awsAccountId] },
    network: networkPlan(cfg.vpcRange, zoneIds[region], cfg.natGateways),
    cluster: {
      kubernetesVersion: cfg.kubernetesVersion,
      adminRanges: cfg.clusterEndpoint === "private" ? [] : (cfg.adminRanges ?? []),
      admins: cfg.clusterAdmins,
      controlPlaneTier: cfg.controlPlaneTier,
      deletionProtection: cfg.deletionProtection,
      logRetentionDays: wholeDays(cfg.logRetention),
    },
    systemNodes: systemNodes(cfg),
    gpuNodes: gpuNodes(cfg),
    backups: {
      lockMode: cfg.backupLock === "compliance" ? "COMPLIANCE" : "GOVERNANCE",
      days: wholeDays(cfg.backupRetention),
      copyTo: cfg.peerExists ? copyTarget(identity, peer, cfg.peerRegion, awsAccountId) : null,
    },
    logRetentionDays: wholeDays(cfg.logRetention),
    cost: { monthly: cfg.monthlyBudget, unusual: cfg.anomalyAlert, email: cfg.alertEmail },
    urls: {
      url,
      apiUrl: url,
      healthUrl: `https://${regionalName(region, domain)}/health`,
      adminCommand: "./fidus admin create --email you@example.com",
    },
  };
}

/** NAME of NAME-eu-central-1: the two regions find each other's bucket by it. */
export function familyOf(stack: string, region: AwsRegion): string {
  const end = `-${region}`;
  const ok = stack.endsWith(end) && stack.length > end.length;
  const problem = { path: "stack", got: stack, rule: `a name that ends in ${end}`, fix: `pulumi stack rename NAME${end}` };
  throwIfAny("enterprise-region", problemUnless(ok, problem));
  return stack.slice(0, -end.length);
}

/** S3 and CloudWatch count in days: a part of one is a whole one. */
function wholeDays(duration: Duration): number {
  return Math.ceil(seconds(duration) / 86_400);
}
