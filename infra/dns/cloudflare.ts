import { DnsRecord } from "@pulumi/cloudflare/dnsRecord.js";
import * as pulumi from "@pulumi/pulumi";
import { seconds, type Duration } from "../core/units.ts";

/** What a name leads to. */
export interface NameTarget {
  readonly type: "A" | "AAAA" | "CNAME";
  readonly value: pulumi.Input<string>;
}

export interface CloudflareNameArgs {
  /** Full public name. */
  readonly domain: string;
  /** Zone that holds it. */
  readonly zoneId: string;
  readonly targets: readonly NameTarget[];
  /** How long resolvers may keep the answer, where traffic does not go through Cloudflare. */
  readonly ttl: Duration;
  /** Whether traffic goes through Cloudflare. */
  readonly proxied: boolean;
  /** Who made the records: the stack, for people who look at the zone. */
  readonly comment: string;
}

/** Cloudflare's word for "we decide": the only one it takes for what it proxies. */
const automatic = 1;

/** The public name as records in a Cloudflare zone. */
export class CloudflareName extends pulumi.ComponentResource {
  constructor(name: string, args: CloudflareNameArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:dns:CloudflareName", name, {}, opts);
    const { domain, zoneId, targets, ttl, proxied, comment } = args;
    for (const { type, value } of targets)
      new DnsRecord(
        `${name}-${type.toLowerCase()}`,
        { zoneId, name: domain, type, content: value, ttl: proxied ? automatic : seconds(ttl), proxied, comment },
        { parent: this, deleteBeforeReplace: true }, // an A and a CNAME of one name exclude each other
      );
    this.registerOutputs({});
  }
}
