import { onOwnHost } from "../starter-project.ts";
import { change, each, labelled, refused, type KeyRun } from "./change.ts";
import { onServers, otherZone, replaceNames, updateNames } from "./on-servers.ts";

export const starter: readonly KeyRun[] = [
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
