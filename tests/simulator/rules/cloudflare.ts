import { createHash } from "node:crypto";
import { isIPv4, isIPv6 } from "node:net";
import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { WireMap } from "../../../toolchain/providers/values.ts";
import type { CloudRules } from "./types.ts";
import * as rule from "./values.ts";

const zoneId = rule.matching(/^[0-9a-f]{32}$/, "a zone id of 32 hexadecimal digits");
const hexId = (number: number): string => createHash("md5").update(`record ${number}`).digest("hex");

function recordProblems(inputs: WireMap): CheckFailure[] {
  const content = String(inputs["content"]);
  const problems: CheckFailure[] = [];
  if (inputs["type"] === "A" && !isIPv4(content)) problems.push({ property: "content", reason: "needs an IPv4 address" });
  if (inputs["type"] === "AAAA" && !isIPv6(content)) problems.push({ property: "content", reason: "needs an IPv6 address" });
  if (inputs["proxied"] === true && inputs["ttl"] !== 1)
    problems.push({ property: "ttl", reason: "needs 1, automatic, for a proxied record" });
  return problems;
}

/** Cloudflare as far as our components use it. Source: developers.cloudflare.com/api, DNS records. */
export const cloudflareRules: CloudRules = {
  manners: {
    // cloudflare-go v6 (internal/requestconfig, MaxRetries; shouldRetry): two more tries on 429 up to v6.5.0, ten from v6.8.0; which one
    // the provider has is not known here, so the fewer. A record is there as soon as the call returns.
    retries: 2,
    tooMany: "429 Too Many Requests (10429)",
    patience: 0,
    notReady: () => "is not ready (1003)",
    limit: () => "81045 record quota exceeded",
  },
  settings: { apiToken: rule.matching(/^[\w-]{40}$/, "an API token of 40 characters") },
  requiredSettings: ["apiToken"],
  types: {
    "cloudflare:index/dnsRecord:DnsRecord": {
      inputs: {
        zoneId,
        name: rule.matching(/^(\*\.)?([a-z0-9_-]+\.)+[a-z]{2,}$/, "a full name"),
        type: rule.oneOf("A", "AAAA", "CNAME", "TXT", "MX", "CAA", "SRV", "NS"),
        content: rule.anything,
        ttl: { rule: "1 or 60 to 86400", ok: (value) => value === 1 || rule.wholeNumber(60, 86_400).ok(value) },
        proxied: rule.anything,
        comment: rule.matching(/^.{1,100}$/, "at most 100 characters"),
      },
      required: ["content"],
      problems: recordProblems,
      unique: [["zoneId", "name", "type", "content"]],
      id: hexId,
      outputs: {
        commentModifiedOn: () => "2026-01-01T00:00:00Z",
        createdOn: () => "2026-01-01T00:00:00Z",
        meta: () => "{}",
        modifiedOn: () => "2026-01-01T00:00:00Z",
        proxiable: ({ inputs }) => inputs["type"] !== "TXT",
        proxied: () => false,
        tagsModifiedOn: () => "",
      },
    },
  },
  functions: {},
};
