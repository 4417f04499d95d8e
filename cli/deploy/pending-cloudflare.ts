import got from "got";
import type { CliContext } from "../context.ts";
import type { PendingResource } from "./pending-resource.ts";

/** True for what can be found at Cloudflare. */
export function isAtCloudflare({ type }: PendingResource): boolean {
  return type === "cloudflare:index/dnsRecord:DnsRecord";
}

/**
 * The id of the record that a stack made for the resource: name, type, value and the comment, which says whose it is, are the same.
 * Null when there is none. Source: developers.cloudflare.com/api, DNS records, list.
 */
export async function idAtCloudflare(
  { env, signal }: Pick<CliContext, "env" | "signal">,
  { inputs = {} }: PendingResource,
  token: string,
): Promise<string | null> {
  const base = env["CLOUDFLARE_BASE_URL"] ?? "https://api.cloudflare.com/client/v4";
  const { result } = await got(`${base}/zones/${String(inputs["zoneId"])}/dns_records`, {
    searchParams: { "name.exact": String(inputs["name"]), type: String(inputs["type"]) },
    headers: { authorization: `Bearer ${token}` },
    timeout: { request: 20_000 },
    signal,
  }).json<{ readonly result: readonly Listed[] }>();
  const same = (["name", "type", "content", "comment"] as const).filter((key) => inputs[key] !== undefined);
  return result.find((record) => same.every((key) => record[key] === inputs[key]))?.id ?? null;
}

interface Listed {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly content: string;
  readonly comment?: string | null;
}
