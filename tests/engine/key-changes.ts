import type { KeyName } from "../../infra/config/keys.ts";
import type { RecordedName } from "./recorded-stacks.ts";
import { onOwnHost } from "./starter-project.ts";

/**
 * What one changed key must do to a stack: operations on what is bought; `labelled` = an update of everything that carries
 * labels or tags; `refused` = the plan is refused, for these protected resources or with this text.
 */
export type Does = readonly string[] | "labelled" | { readonly refused: readonly string[] | RegExp };

export interface KeyChange {
  readonly key: KeyName;
  /** null takes the key away. */
  readonly value: string | null;
  readonly does: Does;
}

/** Keys that are changed in one preview: what each of them does can be told from what the others do. */
export interface KeyRun {
  readonly stack: RecordedName;
  readonly changes: readonly KeyChange[];
  /** What the changes need beside them, and what does nothing itself. */
  readonly with?: Readonly<Record<string, string | null>>;
}

const change = (key: KeyName, value: string | null, ...operations: string[]): KeyChange => ({ key, value, does: operations });
const labelled = (key: KeyName, value: string): KeyChange => ({ key, value, does: "labelled" });
const refused = (key: KeyName, value: string, why: readonly string[] | RegExp): KeyChange => ({
  key,
  value,
  does: { refused: why },
});
const each = (operation: string, names: string): string[] => names.split(" ").map((name) => `${operation} ${name}`);

const names = ["name-a", "name-aaaa"];
const updateNames = names.map((name) => `update ${name}`);
const replaceNames = names.map((name) => `replace ${name}`);
const publicKey = `ssh-ed25519 ${"A".repeat(68)}`;
const otherZone = "fedcba9876543210fedcba9876543210";

/** Read and checked by every edition that has them; what will use them is not built yet. */
const onServers = [
  change("model", "qwen2.5:7b"),
  change("llmThreads", "3"),
  change("llmIdleSeconds", "600"),
  change("llmApiKey", "sk-0123456789abcdefghijklmnop"),
  change("acmeEmail", "ada@fidus.test"),
  change("acmeDirectory", "https://acme.fidus.test/directory"),
  change("acmeCa", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
  change("adminPublicKeys", publicKey),
  change("backupRetention", "60 days"),
];

const starter: readonly KeyRun[] = [
  {
    stack: "starter",
    changes: [
      ...onServers,
      change("llmRuntime", "openai"),
      change("apiReplicas", "3"),
      change("serverSize", "small"),
      change("serverTypes", "ccx33"),
      change("imageArchitectures", "x86,arm"),
      change("domain", "chat.fidus.test", ...updateNames),
      change("hcloudToken", "u".repeat(64), "update hetzner"),
      change("cloudflareToken", "d".repeat(40), "update cloudflare"),
      change("serverBackups", "true", "update host-server-server"),
      change("uploadsSize", "60 GB", "update host-uploads-disk"),
      change("adminRanges", "198.19.0.0/24", "update host-firewall-firewall"),
      change("storageBoxType", "bx21", "update backup-box"),
    ],
  },
  {
    stack: "starter",
    changes: [
      labelled("environment", "staging"),
      change("cloudflareProxied", "true", ...updateNames),
      change("certificate", "acme-dns"),
    ],
  },
  { stack: "starter", changes: [labelled("installation", "b2c3d4"), change("dnsTtl", "300 s", ...updateNames)] },
  { stack: "starter", changes: [change("cloudflareZoneId", otherZone, ...replaceNames)] },
  { stack: "starter", changes: [change("dnsProvider", "none", ...each("delete", "cloudflare name-a name-aaaa"))] },
  {
    stack: "starter",
    changes: [refused("location", "fsn1", ["host-ips-ipv4", "host-ips-ipv6", "host-server-server", "host-uploads-disk"])],
  },
  { stack: "starter", changes: [refused("networkRange", "10.30.0.0/16", ["host-network-network"])] },
  {
    stack: "starter",
    changes: [
      refused("backupTarget", "s3", /backup-box/),
      change("backupEndpoint", "https://hel1.your-objectstorage.com"),
      change("backupBucket", "fidus-backup"),
      change("backupAccessKeyId", "access-key-of-a-test"),
      change("backupSecretKey", "secret-key-of-a-test"),
    ],
  },
  {
    stack: "starter",
    changes: [refused("provider", "own-host", /host-server-server/)],
    with: {
      hostAddress: onOwnHost.hostAddress,
      hostKey: onOwnHost.hostKey,
      sshPrivateKey: "-----BEGIN OPENSSH PRIVATE KEY-----\nA",
      backupTarget: "none",
      environment: "staging",
    },
  },
  { stack: "starter", changes: [refused("nightSleep", "20:00-06:00", /nightSleep: got/)] },
  { stack: "starter", changes: [refused("edition", "pro", /pulumi config set backupEndpoint/)] },
  {
    stack: "starter-own-host",
    changes: [
      change("hostAddress", "192.0.2.11"),
      change("hostPort", "2222"),
      change("hostUser", "ops"),
      change("hostKey", `ssh-ed25519 ${"B".repeat(68)}`),
      change("sshPrivateKey", "-----BEGIN OPENSSH PRIVATE KEY-----\nB"),
      change("llmBaseUrl", "https://llm.fidus.test/v1"),
    ],
    with: { llmRuntime: "ollama-native" },
  },
  {
    stack: "starter-own-host",
    changes: [
      change("tlsCertificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
      change("tlsPrivateKey", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
    ],
    with: { certificate: "files" },
  },
];

const zoneAndWitness = ["witness-bucket-bucket", "witness-bucket-versions", "witness-epoch"];
const bothNames = ["names-primary", "names-secondary"];
const bothChecks = ["names-primary-check", "names-secondary-check"];

const global: readonly KeyRun[] = [
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

const region: readonly KeyRun[] = [
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
  { stack: "enterprise-region", changes: [refused("vpcRange", "10.50.0.0/16", network.split(" "))] },
  {
    stack: "enterprise-region",
    changes: [
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

/** Every key of the editions whose stacks are changed here. */
export const keyRuns = { starter, "enterprise-global": global, "enterprise-region": region } as const;

/** Keys whose effect only shows on another stack than the recorded ones, and the test that has one. */
export const shownElsewhere: Readonly<Record<keyof typeof keyRuns, readonly KeyName[]>> = {
  starter: ["dnsZone"], // starter.engine.test.ts
  "enterprise-global": [],
  "enterprise-region": ["timeZone"], // enterprise-development.engine.test.ts
};
