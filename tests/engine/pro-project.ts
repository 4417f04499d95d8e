/** Settings of a pro stack at Hetzner with its name at Cloudflare. */
export const atHetzner = {
  edition: "pro",
  installation: "a1b2c3",
  domain: "assistant.fidus.test",
  cloudflareZoneId: "0123456789abcdef0123456789abcdef",
  adminRanges: "203.0.113.0/24,2001:db8::/48",
  backupEndpoint: "https://hel1.your-objectstorage.com",
  backupBucket: "fidus-backup",
} as const;

export const secrets = {
  cloudflareToken: "c".repeat(40),
  hcloudToken: "t".repeat(64),
  backupAccessKeyId: "access-key-of-a-test",
  backupSecretKey: "secret-key-of-a-test",
} as const;
