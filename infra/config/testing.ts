import { keys } from "./keys.ts";
import { parseConfig, type Parsed } from "./parse.ts";
import type { Edition } from "./spec.ts";

/** For tests: the keys whose values are secret. */
export const secretNames: ReadonlySet<string> = new Set(
  Object.entries(keys).flatMap(([name, spec]) => ("secret" in spec ? [name] : [])),
);

/** For tests: a complete configuration of each edition, nothing in it that the table would choose by itself. */
export const complete: Readonly<Record<Edition, Readonly<Record<string, string>>>> = {
  community: {
    edition: "community",
    installation: "a1b2c3",
    llmRuntime: "embedded",
    model: "smollm2:135m",
    images: '{"app":"fidus/app:1"}',
  },
  starter: {
    edition: "starter",
    installation: "a1b2c3",
    domain: "assistant.fidus.test",
    cloudflareZoneId: "0123456789abcdef0123456789abcdef",
    cloudflareToken: "cloudflare-token-of-a-test",
    hcloudToken: "t".repeat(64),
    adminRanges: "198.18.7.0/24",
  },
  pro: {
    edition: "pro",
    installation: "a1b2c3",
    domain: "assistant.fidus.test",
    cloudflareZoneId: "0123456789abcdef0123456789abcdef",
    cloudflareToken: "cloudflare-token-of-a-test",
    hcloudToken: "t".repeat(64),
    adminRanges: "198.18.7.0/24,fd12:3456:789a::/48",
    backupEndpoint: "https://hel1.your-objectstorage.com",
    backupBucket: "fidus-backup",
    backupAccessKeyId: "access-key-of-a-test",
    backupSecretKey: "secret-key-of-a-test",
  },
  "enterprise-global": {
    edition: "enterprise-global",
    installation: "a1b2c3",
    domain: "assistant.fidus.test",
    dnsZone: "fidus.test",
    awsAccountId: "210987654321",
  },
  "enterprise-region": {
    edition: "enterprise-region",
    installation: "a1b2c3",
    domain: "assistant.fidus.test",
    awsAccountId: "210987654321",
    region: "eu-central-1",
    peerRegion: "eu-west-1",
    vpcRange: "10.40.0.0/16",
    adminRanges: "198.18.7.0/24",
    clusterAdmins: "arn:aws:iam::210987654321:role/platform",
    monthlyBudget: "5000 USD",
    alertEmail: "ops@fidus.test",
  },
};

/** For tests: a complete configuration with changes, parsed as the engine hands it over: every secret key encrypted. */
export function readChanged<E extends Edition>(edition: E, changes: Record<string, string> = {}): Parsed<E> {
  return parseConfig(edition, { ...complete[edition], ...changes }, secretNames);
}
