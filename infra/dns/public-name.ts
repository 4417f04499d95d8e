import { Provider as Cloudflare } from "@pulumi/cloudflare/provider.js";
import type * as pulumi from "@pulumi/pulumi";
import { given } from "../config/given.ts";
import type { StackConfig } from "../config/read.ts";
import { cloudLabels, namePrefix, type CloudIdentity } from "../core/naming.ts";
import type { Duration } from "../core/units.ts";
import { CloudflareName, type NameTarget } from "./cloudflare.ts";
import { HetznerName } from "./hetzner.ts";

type Keys = "domain" | "dnsProvider" | "dnsTtl" | "dnsZone" | "cloudflareZoneId" | "cloudflareToken" | "cloudflareProxied";
type Config = Pick<StackConfig<"starter">, Keys | "edition">;

/** Who holds the records of the public name. */
export interface NamePlan {
  readonly domain: string;
  readonly ttl: Duration;
  /** The zone at Cloudflare; null when the records are elsewhere. */
  readonly cloudflare: { readonly token: pulumi.Input<string>; readonly zoneId: string; readonly proxied: boolean } | null;
  /** The zone at Hetzner; null when the records are elsewhere. */
  readonly hetznerZone: string | null;
}

/** Turns the keys into who holds the records: at most one of the two. */
export function namePlan(cfg: Config): NamePlan {
  const { edition, domain, dnsTtl: ttl, dnsProvider, cloudflareProxied: proxied } = cfg;
  const cloudflare = (): NamePlan["cloudflare"] => ({
    token: given(edition, "cloudflareToken", cfg.cloudflareToken),
    zoneId: given(edition, "cloudflareZoneId", cfg.cloudflareZoneId),
    proxied,
  });
  return {
    domain,
    ttl,
    cloudflare: dnsProvider === "cloudflare" ? cloudflare() : null,
    hetznerZone: dnsProvider === "hetzner" ? given(edition, "dnsZone", cfg.dnsZone) : null,
  };
}

export interface PublicNameArgs {
  readonly identity: CloudIdentity;
  readonly targets: readonly NameTarget[];
  /** With Hetzner's provider, for records there. */
  readonly hetzner: pulumi.ComponentResourceOptions;
}

/** Makes the records of the public name with whoever holds them; nothing when that is the operator. */
export function publicName(name: string, plan: NamePlan, { identity, targets, hetzner }: PublicNameArgs): void {
  const { domain, ttl, cloudflare, hetznerZone } = plan;
  if (cloudflare) {
    const { token: apiToken, zoneId, proxied } = cloudflare;
    const provider = new Cloudflare("cloudflare", { apiToken });
    new CloudflareName(name, { domain, ttl, targets, zoneId, proxied, comment: namePrefix(identity) }, { provider });
  }
  if (hetznerZone) {
    const labels = cloudLabels(identity, "name");
    new HetznerName(name, { domain, ttl, targets, zone: hetznerZone, labels }, hetzner);
  }
}
