/** Settings of a pro stack at Hetzner with its name at Cloudflare. */
export const atHetzner = {
  edition: "pro",
  installation: "a1b2c3",
  domain: "assistant.fidus.test",
  cloudflareZoneId: "0123456789abcdef0123456789abcdef",
  adminRanges: "198.18.7.0/24,fd12:3456:789a::/48",
  backupEndpoint: "https://hel1.your-objectstorage.com",
  backupBucket: "fidus-backup",
} as const;

export const secrets = {
  cloudflareToken: "c".repeat(40),
  hcloudToken: "t".repeat(64),
  backupAccessKeyId: "access-key-of-a-test",
  backupSecretKey: "secret-key-of-a-test",
} as const;

/** One shape of the cluster. */
interface Shape {
  /** Hosts by group. */
  readonly groups: Readonly<Record<string, readonly string[]>>;
  /** Hosts with a disk for the database. */
  readonly data: readonly string[];
  /** Hosts behind the balancer. */
  readonly balanced: readonly string[];
  /** Hosts that hold nothing and may go without being asked. */
  readonly expendable: readonly string[];
}

/** Both shapes as the table of topologies has them, written down apart from it: a mistake there shall be seen here. */
export const shapes: Readonly<Record<"standard" | "compact", Shape>> = {
  standard: {
    groups: {
      app: ["app-1", "app-2", "app-3"],
      database: ["database-1", "database-2"],
      llm: ["llm"],
      monitoring: ["monitoring"],
    },
    data: ["database-1", "database-2"],
    balanced: ["app-1", "app-2", "app-3"],
    expendable: ["llm"],
  },
  compact: {
    groups: { node: ["node-1", "node-2", "node-3"], llm: ["llm"], monitoring: ["monitoring"] },
    data: ["node-1", "node-2", "node-3"],
    balanced: ["node-1", "node-2", "node-3"],
    expendable: ["llm"],
  },
};

/** What there is once, by type and logical name. */
export const perCluster = [
  "DnsRecord name-a",
  "DnsRecord name-aaaa",
  "LoadBalancer cluster-balancer-balancer",
  "LoadBalancerNetwork cluster-balancer-network",
  "LoadBalancerService cluster-balancer-443",
  "LoadBalancerService cluster-balancer-80",
  "Network cluster-network-network",
  "NetworkSubnet cluster-network-subnet",
  "SshKey cluster-deploy-key",
] as const;

/** What there is for each group of hosts that are alike. */
export function perGroup(group: string): string[] {
  return [`Firewall cluster-${group}-firewall-firewall`, `PlacementGroup cluster-${group}-apart`];
}

/** What there is for each host. */
export function perHost(host: string, withDisk: boolean): string[] {
  const disk = [`Volume cluster-${host}-data-disk`, `VolumeAttachment cluster-${host}-data-mount`];
  return [
    `PrimaryIp cluster-${host}-ips-ipv4`,
    `PrimaryIp cluster-${host}-ips-ipv6`,
    `Server cluster-${host}-server-server`,
    ...(withDisk ? disk : []),
  ];
}
