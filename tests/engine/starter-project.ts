/** Settings of a starter stack at Hetzner with its name at Cloudflare. */
export const atHetzner = {
  edition: "starter",
  installation: "a1b2c3",
  domain: "assistant.fidus.test",
  cloudflareZoneId: "0123456789abcdef0123456789abcdef",
  adminRanges: "198.18.7.0/24,fd12:3456:789a::/48",
} as const;

/** Settings of a starter stack on a machine of one's own, for which nothing is bought. */
export const onOwnHost = {
  edition: "starter",
  installation: "a1b2c3",
  environment: "staging",
  provider: "own-host",
  domain: "assistant.fidus.test",
  hostAddress: "192.0.2.10",
  hostKey: `ssh-ed25519 ${"A".repeat(68)}`,
  dnsProvider: "none",
  backupTarget: "none",
} as const;

export const tokens = { cloudflareToken: "c".repeat(40), hcloudToken: "t".repeat(64) } as const;

/** What signs in to a machine of one's own; the engine only keeps it. */
export const sshPrivateKey = "-----BEGIN OPENSSH PRIVATE KEY-----";
