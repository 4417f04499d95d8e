import { shapes } from "../pro-project.ts";
import { change, each, labelled, refused, type KeyRun } from "./change.ts";
import { onServers, otherZone, replaceNames, updateNames } from "./on-servers.ts";

const stack = "pro-standard";
const { groups, data, expendable } = shapes.standard;
const hosts = Object.values(groups).flat();
const lasting = hosts.filter((host) => !expendable.includes(host));
const parts = (names: readonly string[], suffixes: string): string[] =>
  names.flatMap((name) => suffixes.split(" ").map((suffix) => `cluster-${name}-${suffix}`));
const own = "ips-ipv4 ips-ipv6 server-host-key server-server";
const disk = "data-disk data-mount";

const withoutModelHost = each(
  "delete",
  ["apart", "firewall-firewall", ...own.split(" "), "server-type-asked"].map((part) => `cluster-llm-${part}`).join(" "),
);
/** What a plan makes for one more host. */
const newHost = (host: string, more = ""): string[] =>
  each("create", parts([host], `${own} server-type-asked ${more}`.trim()).join(" "));

/** Keys of a running pro cluster, of topology standard. */
export const pro: readonly KeyRun[] = [
  {
    stack,
    changes: [
      ...onServers,
      change("backupEndpoint", "https://fsn1.your-objectstorage.com"),
      change("backupBucket", "fidus-other-backup"),
      change("backupAccessKeyId", "other-access-key-of-a-test"),
      change("backupSecretKey", "other-secret-key-of-a-test"),
      change("serverSize", "small"),
      change("imageArchitectures", "x86,arm"),
      change("appServerTypes", "ccx33"),
      change("databaseServerTypes", "ccx43"),
      change("llmServerTypes", "ccx53"),
      change("monitoringServerTypes", "ccx13"),
      change("domain", "chat.fidus.test", ...updateNames),
      change("hcloudToken", "u".repeat(64), "update hetzner"),
      change("cloudflareToken", "d".repeat(40), "update cloudflare"),
      change("serverBackups", "true", ...each("update", parts(hosts, "server-server").join(" "))),
      change("databaseSize", "250 GB", ...each("update", parts(data, "data-disk").join(" "))),
      change("adminRanges", "198.19.0.0/24", ...each("update", parts(Object.keys(groups), "firewall-firewall").join(" "))),
      change("loadBalancerType", "lb21", "update cluster-balancer-balancer"),
    ],
  },
  {
    stack,
    changes: [
      labelled("environment", "staging"),
      change("cloudflareProxied", "true", ...updateNames),
      change("certificate", "cloudflare-origin"),
      change("llmRuntime", "openai", ...withoutModelHost),
    ],
    with: { llmApiKey: "sk-0123456789abcdefghijklmnop" },
  },
  {
    stack,
    changes: [
      labelled("installation", "b2c3d4"),
      change("dnsTtl", "300 s", ...updateNames),
      change("appHosts", "4", ...newHost("app-4"), "create cluster-balancer-app-4"),
      change("databaseHosts", "3", ...newHost("database-3", disk)),
    ],
  },
  {
    stack,
    changes: [
      change("cloudflareZoneId", otherZone, ...replaceNames),
      change("llmBaseUrl", "https://llm.fidus.test/v1", ...withoutModelHost),
    ],
    with: { llmRuntime: "litellm" },
  },
  {
    stack,
    changes: [
      change("dnsProvider", "none", ...each("delete", "cloudflare name-a name-aaaa")),
      change("tlsCertificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----"),
      change("tlsPrivateKey", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
    ],
    with: { certificate: "files" },
  },
  {
    stack,
    changes: [
      refused("location", "fsn1", [
        "cluster-balancer-balancer",
        ...parts(lasting, "ips-ipv4 ips-ipv6 server-server"),
        ...parts(data, "data-disk"),
      ]),
    ],
  },
  { stack, changes: [refused("networkRange", "10.30.0.0/16", ["cluster-network-network"])] },
  { stack, changes: [refused("topology", "compact", /cluster-database-1-data-disk/)] },
  { stack, changes: [refused("nightSleep", "20:00-06:00", /nightSleep: got/)] },
  { stack, changes: [refused("edition", "starter", /cluster-database-1-data-disk/)] },
];
