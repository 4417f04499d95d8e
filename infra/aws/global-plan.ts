import type { StackConfig } from "../config/read.ts";
import type { AwsRegion } from "../core/aws-regions.ts";
import { problemUnless, throwIfAny } from "../core/errors.ts";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { seconds } from "../core/units.ts";
import { regionalName } from "./regional-name.ts";

type Config = StackConfig<"enterprise-global">;

/** One of the two answers to the domain's name. */
export interface FailoverAnswer {
  readonly rank: "PRIMARY" | "SECONDARY";
  readonly region: AwsRegion;
  /** Name of the region's entrance: the health check asks it, and the domain leads to it. */
  readonly name: string;
}

export interface FailoverPlan {
  readonly domain: string;
  readonly zone: { readonly kind: "create"; readonly name: string } | { readonly kind: "existing"; readonly id: string };
  readonly answers: readonly [FailoverAnswer, FailoverAnswer];
  /** Seconds between two questions of one checker. */
  readonly checkInterval: number;
}

export interface WitnessPlan {
  readonly region: AwsRegion;
  readonly bucket: string;
  /** Who writes at the beginning. */
  readonly writer: AwsRegion;
}

/** What the global program builds, decided from its configuration alone: the two keys of a failover change none of it. */
export interface GlobalPlan {
  /** The witness's region: the only one that must live when one of the two is gone. */
  readonly aws: { readonly region: AwsRegion; readonly allowedAccountIds: string[] };
  readonly failover: FailoverPlan;
  readonly witness: WitnessPlan;
  readonly urls: { readonly url: string; readonly apiUrl: string; readonly healthUrl: string; readonly adminCommand: string };
}

/** Turns the keys into what is built. */
export function globalPlan(cfg: Config, identity: CloudIdentity): GlobalPlan {
  const { domain, dnsZone, hostedZoneId, primaryRegion, secondaryRegion, witnessRegion } = cfg;
  throwIfAny("enterprise-global", apexProblems(domain, dnsZone));
  const answer = (rank: FailoverAnswer["rank"], region: AwsRegion): FailoverAnswer => {
    return { rank, region, name: regionalName(region, domain) };
  };
  const url = `https://${domain}`;
  return {
    aws: { region: witnessRegion, allowedAccountIds: [cfg.awsAccountId] },
    failover: {
      domain,
      zone: hostedZoneId === null ? { kind: "create", name: dnsZone ?? domain } : { kind: "existing", id: hostedZoneId },
      answers: [answer("PRIMARY", primaryRegion), answer("SECONDARY", secondaryRegion)],
      checkInterval: seconds(cfg.healthCheckInterval),
    },
    witness: {
      region: witnessRegion,
      bucket: cloudName(identity, `witness-${witnessRegion}`),
      writer: primaryRegion,
    },
    urls: {
      url,
      apiUrl: url,
      healthUrl: `${url}/health`,
      adminCommand: "./fidus admin create --email you@example.com",
    },
  };
}

/** The zone's own name cannot lead to another name. Source: RFC 1912, 2.4. */
function apexProblems(domain: string, zone: string | null) {
  return problemUnless(domain !== zone, {
    path: "domain",
    got: domain,
    rule: "a name below its zone: the zone's own name cannot lead to the regions' names",
    fix: `pulumi config set domain assistant.${domain}`,
  });
}
