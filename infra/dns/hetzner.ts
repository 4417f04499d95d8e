import { ZoneRrset } from "@pulumi/hcloud/zoneRrset.js";
import * as pulumi from "@pulumi/pulumi";
import { seconds, type Duration } from "../core/units.ts";
import type { NameTarget } from "./cloudflare.ts";

export interface HetznerNameArgs {
  /** Full public name. */
  readonly domain: string;
  /** Zone that holds it: an end of the name. */
  readonly zone: string;
  readonly targets: readonly NameTarget[];
  /** How long resolvers may keep the answer. */
  readonly ttl: Duration;
  readonly labels: Readonly<Record<string, string>>;
}

/** The public name as records in a zone at Hetzner. */
export class HetznerName extends pulumi.ComponentResource {
  constructor(name: string, args: HetznerNameArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:dns:HetznerName", name, {}, opts);
    const { domain, zone, targets, ttl, labels } = args;
    for (const { type, value } of targets)
      new ZoneRrset(
        `${name}-${type.toLowerCase()}`,
        { zone, name: relativeName(domain, zone), type, ttl: seconds(ttl), records: [{ value }], labels },
        { parent: this, deleteBeforeReplace: true },
      );
    this.registerOutputs({});
  }
}

/** `assistant.example.org` in `example.org` is `assistant`; the zone itself is `@`. */
export function relativeName(domain: string, zone: string): string {
  return domain === zone ? "@" : domain.slice(0, -zone.length - 1);
}
