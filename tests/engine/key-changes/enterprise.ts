import { change, each, labelled, refused, type KeyRun } from "./change.ts";

const zoneAndWitness = ["witness-bucket-bucket", "witness-bucket-versions", "witness-epoch"];
const bothNames = ["names-primary", "names-secondary"];
const bothChecks = ["names-primary-check", "names-secondary-check"];

export const global: readonly KeyRun[] = [
  {
    stack: "enterprise-global",
    changes: [
      change("primaryRegion", "eu-west-2", ...each("update", "names-primary names-primary-check")),
      change("secondaryRegion", "eu-west-3", ...each("update", "names-secondary names-secondary-check")),
      change("drActiveRegion", "eu-west-2"),
      change("drMode", "switchover"),
    ],
  },
  {
    stack: "enterprise-global",
    changes: [
      change(
        "healthCheckInterval",
        "30 s",
        ...bothChecks.map((name) => `replace ${name}`),
        ...bothNames.map((name) => `update ${name}`),
      ),
    ],
  },
  { stack: "enterprise-global", changes: [labelled("environment", "staging")] },
  {
    stack: "enterprise-global",
    changes: [
      change(
        "domain",
        "chat.fidus.test",
        ...bothNames.map((name) => `replace ${name}`),
        ...bothChecks.map((name) => `update ${name}`),
      ),
    ],
  },
  { stack: "enterprise-global", changes: [refused("hostedZoneId", "Z0123456789ABC", /names-zone/)], with: { dnsZone: null } },
  {
    stack: "enterprise-global",
    changes: [refused("dnsZone", "other.test", ["names-zone"]), refused("witnessRegion", "us-east-2", zoneAndWitness)],
    with: { domain: "assistant.other.test" },
  },
  { stack: "enterprise-global", changes: [refused("installation", "b2c3d4", zoneAndWitness)] },
  { stack: "enterprise-global", changes: [refused("awsAccountId", "345678901234", /needs one of 210987654321/)] },
  { stack: "enterprise-global", changes: [refused("edition", "enterprise-region", /needs a key of edition enterprise-region/)] },
];

const ada = "cluster-admin-ada-5bbfcb";
const platform = "cluster-admin-platform-3108e5";
const network =
  "network-vpc network-private-a network-private-b network-private-c network-public-a network-public-b network-public-c";

export const region: readonly KeyRun[] = [
  {
    stack: "enterprise-region",
    changes: [
      change("llmRuntime", "openai"),
      change("llmApiKey", "sk-0123456789abcdefghijklmnop"),
      change("model", "Qwen/Qwen2.5-7B-Instruct"),
      change("llmBaseUrl", "https://llm.fidus.test/v1"),
      change("domain", "chat.fidus.test"),
      change("adminRanges", "198.19.0.0/24", "update cluster-cluster"),
      change("backupRetention", "60 days", ...each("update", "backups-lifecycle backups-lock")),
      change("logRetention", "90 days", ...each("update", "cluster-logs logs-group")),
      change("peerRegion", "eu-west-2", ...each("update", "backups-copy backups-copy-role-policy")),
      change(
        "clusterAdmins",
        "arn:aws:iam::210987654321:user/ada",
        `create ${ada}`,
        `create ${ada}-policy`,
        `delete ${platform}`,
        `delete ${platform}-policy`,
      ),
      change("systemNodes", "6", "update system-group"),
      change("gpuNodes", "2", "update gpu-group"),
      change("monthlyBudget", "9000 USD", "update cost-budget"),
      change("anomalyAlert", "200 USD", "update cost-unusual"),
    ],
  },
  {
    stack: "enterprise-region",
    changes: [
      change("clusterEndpoint", "private", "update cluster-cluster"),
      change("peerExists", "false", ...each("delete", "backups-copy backups-copy-role-policy backups-copy-role-role")),
      change("backupLock", "compliance", "update backups-lock"),
      change("systemNodesMax", "14", "update system-group"),
      change("gpuNodesMax", "8", "update gpu-group"),
      change("alertEmail", "cost@fidus.test", ...each("update", "cost-budget cost-unusual")),
    ],
  },
  {
    stack: "enterprise-region",
    changes: [
      change("controlPlaneTier", "tier-xl", "update cluster-cluster"),
      change("systemInstanceTypes", "m7i.xlarge,m6i.xlarge", "replace system-group"),
      change("gpuInstanceTypes", "g6.2xlarge", "replace gpu-group"),
      change("gpuCapacityReservation", "cr-0123456789abcdef0", "update gpu-template"),
    ],
  },
  { stack: "enterprise-region", changes: [change("deletionProtection", "false", "update cluster-cluster")] },
  {
    stack: "enterprise-region",
    // The simulated plan is the same in both directions; AWS itself goes only up.
    changes: [
      change(
        "kubernetesVersion",
        "1.35",
        ...each(
          "update",
          "add-ons-aws-ebs-csi-driver add-ons-coredns add-ons-metrics-server cluster-cluster cluster-core-kube-proxy",
        ),
        ...each("update", "cluster-core-vpc-cni gpu-group system-group"),
      ),
    ],
  },
  {
    stack: "enterprise-region",
    changes: [
      labelled("environment", "development"),
      change("nightSleep", "20:00-06:00", ...each("create", "gpu-day gpu-night system-day system-night")),
      change(
        "natGateways",
        "one",
        ...each("delete", "network-nat-b network-nat-b-address network-nat-c network-nat-c-address"),
        ...each("update", "network-private-b-out network-private-c-out"),
      ),
    ],
  },
  {
    stack: "enterprise-region",
    changes: [
      refused("vpcRange", "10.50.0.0/16", network.split(" ")),
      refused(
        "installation",
        "b2c3d4",
        "backups-bucket-bucket backups-bucket-versions cluster-cluster cluster-logs images-repository logs-group".split(" "),
      ),
    ],
  },
  { stack: "enterprise-region", changes: [refused("region", "eu-west-2", /needs a name that ends in -eu-west-2/)] },
  { stack: "enterprise-region", changes: [refused("awsAccountId", "345678901234", /needs one of 210987654321/)] },
  { stack: "enterprise-region", changes: [refused("edition", "enterprise-global", /needs a key of edition enterprise-global/)] },
];
