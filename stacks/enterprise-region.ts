import { Provider } from "@pulumi/aws/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { addOnsOnNodes } from "../infra/aws/add-on-versions.ts";
import { AddOns } from "../infra/aws/add-ons.ts";
import { AppLogs } from "../infra/aws/app-logs.ts";
import { BackupBucket } from "../infra/aws/backup-bucket.ts";
import { EksCluster } from "../infra/aws/cluster.ts";
import { CostAlerts } from "../infra/aws/cost-alerts.ts";
import { EncryptionKey, forLogs } from "../infra/aws/encryption-key.ts";
import { Endpoints } from "../infra/aws/endpoints.ts";
import { RegionNetwork } from "../infra/aws/network.ts";
import { NodeGroup } from "../infra/aws/node-group.ts";
import { regionPlan } from "../infra/aws/region-plan.ts";
import { Registry } from "../infra/aws/registry.ts";
import { NodeRole } from "../infra/aws/role.ts";
import { readConfig } from "../infra/config/read.ts";
import manifest from "../package.json" with { type: "json" };
import type { StackOutputs } from "./outputs.ts";

/** One of the two regions: it needs neither the other one nor the global stack to be made or changed. */
export function enterpriseRegion(): StackOutputs {
  const cfg = readConfig("enterprise-region");
  const { edition, installation, environment, region, kubernetesVersion, awsAccountId: account } = cfg;
  const identity = { edition, installation, environment, stack: pulumi.getStack(), version: manifest.version };
  const plan = regionPlan(cfg, identity);
  const aws = { provider: new Provider("aws", plan.aws) };

  const key = (role: string, about: string, statements = {}): EncryptionKey =>
    new EncryptionKey(`${role}-key`, { identity, role, about, account, ...statements }, aws);
  const secretsKey = key("secrets", "Secrets inside the cluster");
  const dataKey = key("data", "Logs and images", { statements: [forLogs(region, account)] });
  const backupsKey = key("backups", "Backups");

  const network = new RegionNetwork("network", { identity, plan: plan.network }, aws);
  const endpoints = new Endpoints("endpoints", { identity, region, plan: plan.network, network }, aws);
  const subnetIds = Object.values(network.privateSubnets);
  const clusterKeys = { secretsKeyArn: secretsKey.arn, logsKeyArn: dataKey.arn };
  const cluster = new EksCluster("cluster", { identity, plan: plan.cluster, subnetIds, ...clusterKeys }, aws);

  const nodeRole = new NodeRole("nodes", { identity }, aws);
  const clusterName = cluster.name;
  const joined = { identity, kubernetesVersion, clusterName, nodeRoleArn: nodeRole.arn, subnetIds };
  const after = [cluster, endpoints, nodeRole, network];
  const system = new NodeGroup("system", { ...joined, role: "system", plan: plan.systemNodes, after }, aws);
  const onNodes = { identity, names: addOnsOnNodes, kubernetesVersion, clusterName, after: [system] };
  new AddOns("add-ons", onNodes, aws);
  if (plan.gpuNodes) new NodeGroup("gpu", { ...joined, role: "gpu", plan: plan.gpuNodes, after }, aws);

  const images = new Registry("images", { identity, keyArn: dataKey.arn }, aws);
  const backups = new BackupBucket("backups", { identity, region, plan: plan.backups, keyArn: backupsKey.arn }, aws);
  const logs = new AppLogs("logs", { identity, retentionDays: plan.logRetentionDays, keyArn: dataKey.arn }, aws);
  new CostAlerts("cost", { identity, region, ...plan.cost }, aws);

  const { name, endpoint, certificateAuthority } = cluster;
  return {
    edition,
    version: manifest.version,
    ...plan.urls,
    apiContainer: null,
    region,
    cluster: { name, endpoint, certificateAuthority },
    stores: { images: images.url, backups: backups.bucketName, logs: logs.groupName },
  };
}
