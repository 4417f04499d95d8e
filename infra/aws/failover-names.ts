import { HealthCheck } from "@pulumi/aws/route53/healthCheck.js";
import { Record as DnsRecord } from "@pulumi/aws/route53/record.js";
import { Zone } from "@pulumi/aws/route53/zone.js";
import * as pulumi from "@pulumi/pulumi";
import type { CloudIdentity } from "../core/naming.ts";
import type { FailoverPlan } from "./global-plan.ts";
import { awsTags } from "./tags.ts";

export interface FailoverNamesArgs {
  readonly identity: CloudIdentity;
  readonly plan: FailoverPlan;
}

/** Longest that resolvers keep the answer, seconds: part of the time that a failover takes. */
const ttl = 60;
/** Answered with 200 by the one region that may write, can write and has a model. */
const writerPath = "/healthz/active";

/**
 * The domain's name leads to the region that writes, and follows it without any change here: Route 53 asks both regions all
 * the time, and everything it needs for another answer exists beforehand. Its own API may be down when a region is.
 */
export class FailoverNames extends pulumi.ComponentResource {
  /** Name servers that the parent domain must name; null for a zone that existed. */
  readonly nameServers: pulumi.Output<string[]> | null;

  constructor(name: string, args: FailoverNamesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:FailoverNames", name, {}, opts);
    const { identity, plan } = args;
    const zone = plan.zone.kind === "create" ? this.#zone(`${name}-zone`, identity, plan.zone.name) : null;
    const zoneId = zone?.zoneId ?? (plan.zone.kind === "existing" ? plan.zone.id : "");
    for (const { rank, region, name: target } of plan.answers) {
      const rankName = rank.toLowerCase();
      const check = new HealthCheck(
        `${name}-${rankName}-check`,
        {
          type: "HTTPS",
          fqdn: target,
          port: 443,
          resourcePath: writerPath,
          enableSni: true,
          requestInterval: plan.checkInterval,
          failureThreshold: 3,
          tags: awsTags(identity, `writer-${region}`),
        },
        { parent: this },
      );
      new DnsRecord(
        `${name}-${rankName}`,
        {
          zoneId,
          name: plan.domain,
          type: "CNAME",
          ttl,
          records: [target],
          setIdentifier: rankName,
          failoverRoutingPolicies: [{ type: rank }],
          healthCheckId: check.id,
        },
        { parent: this },
      );
    }
    this.nameServers = zone?.nameServers ?? null;
    this.registerOutputs({ nameServers: this.nameServers });
  }

  #zone(name: string, identity: CloudIdentity, zone: string): Zone {
    const args = { name: zone, enableAcceleratedRecovery: true, forceDestroy: false, tags: awsTags(identity, "zone") };
    return new Zone(name, { ...args, comment: `Fidus ${identity.stack}` }, { parent: this, protect: true });
  }
}
