import { Eip } from "@pulumi/aws/ec2/eip.js";
import { InternetGateway } from "@pulumi/aws/ec2/internetGateway.js";
import { NatGateway } from "@pulumi/aws/ec2/natGateway.js";
import { Route } from "@pulumi/aws/ec2/route.js";
import { RouteTable } from "@pulumi/aws/ec2/routeTable.js";
import { RouteTableAssociation } from "@pulumi/aws/ec2/routeTableAssociation.js";
import { Subnet } from "@pulumi/aws/ec2/subnet.js";
import { Vpc } from "@pulumi/aws/ec2/vpc.js";
import * as pulumi from "@pulumi/pulumi";
import type { CloudIdentity } from "../core/naming.ts";
import type { NetworkPlan, ZonePlan } from "./network-plan.ts";
import { awsTags } from "./tags.ts";

export interface RegionNetworkArgs {
  readonly identity: CloudIdentity;
  readonly plan: NetworkPlan;
}

const everywhere = "0.0.0.0/0";

/** The region's network over three zones: public subnets for balancers, private ones for nodes, a way out through NAT. */
export class RegionNetwork extends pulumi.ComponentResource {
  readonly vpcId: pulumi.Output<string>;
  /** Subnets of the nodes, one per zone, by letter of the zone. */
  readonly privateSubnets: Readonly<Record<string, pulumi.Output<string>>>;
  /** Route tables of the private subnets, by letter of the zone. */
  readonly privateTables: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: RegionNetworkArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:RegionNetwork", name, {}, opts);
    const { identity, plan } = args;
    const own = { parent: this };
    const vpc = new Vpc(
      `${name}-vpc`,
      { cidrBlock: plan.range, enableDnsHostnames: true, enableDnsSupport: true, tags: awsTags(identity, "network") },
      { ...own, protect: true }, // another range would be another network, and everything would leave this one
    );
    const gateway = new InternetGateway(`${name}-gateway`, { vpcId: vpc.id, tags: awsTags(identity, "gateway") }, own);
    const zones = { identity, vpcId: vpc.id };
    const outside = this.#table(`${name}-public`, zones, "public");
    new Route(`${name}-public-out`, { routeTableId: outside, destinationCidrBlock: everywhere, gatewayId: gateway.id }, own);
    const publicSubnets = this.#subnets(name, zones, plan.zones, "public");
    for (const [letter, subnetId] of Object.entries(publicSubnets))
      new RouteTableAssociation(`${name}-public-${letter}-route`, { routeTableId: outside, subnetId }, own);
    const nats = this.#natGateways(name, identity, plan.zones, publicSubnets, gateway);
    this.privateSubnets = this.#subnets(name, zones, plan.zones, "private");
    this.privateTables = byLetter(plan.zones, ({ letter, natFrom }) => {
      const routeTableId = this.#table(`${name}-private-${letter}`, zones, `private-${letter}`);
      const natGatewayId = must(nats[natFrom]).id;
      new Route(`${name}-private-${letter}-out`, { routeTableId, destinationCidrBlock: everywhere, natGatewayId }, own);
      const subnetId = must(this.privateSubnets[letter]);
      new RouteTableAssociation(`${name}-private-${letter}-route`, { routeTableId, subnetId }, own);
      return routeTableId;
    });
    this.vpcId = vpc.id;
    this.registerOutputs({ vpcId: this.vpcId, privateSubnets: this.privateSubnets, privateTables: this.privateTables });
  }

  #table(name: string, { identity, vpcId }: ZoneArgs, role: string): pulumi.Output<string> {
    return new RouteTable(`${name}-table`, { vpcId, tags: awsTags(identity, role) }, { parent: this }).id;
  }

  #subnets(name: string, args: ZoneArgs, zones: readonly ZonePlan[], kind: "public" | "private"): SubnetIds {
    const { identity, vpcId } = args;
    // Where the load balancer controller looks for a place. Source: EKS user guide, network load balancing.
    const balancers = kind === "public" ? "kubernetes.io/role/elb" : "kubernetes.io/role/internal-elb";
    return byLetter(zones, (zone) => {
      const { zoneId, letter } = zone;
      const tags = { ...awsTags(identity, `${kind}-${letter}`), [balancers]: "1" };
      const cidrBlock = kind === "public" ? zone.publicRange : zone.privateRange;
      const subnet = { vpcId, availabilityZoneId: zoneId, cidrBlock, mapPublicIpOnLaunch: false, tags };
      return new Subnet(`${name}-${kind}-${letter}`, subnet, { parent: this, protect: true }).id;
    });
  }

  #natGateways(
    name: string,
    identity: CloudIdentity,
    zones: readonly ZonePlan[],
    publicSubnets: SubnetIds,
    gateway: InternetGateway,
  ): Readonly<Record<string, NatGateway>> {
    const withNat = zones.filter(({ hasNat }) => hasNat);
    return byLetter(withNat, ({ letter }) => {
      const tags = awsTags(identity, `nat-${letter}`);
      const address = new Eip(`${name}-nat-${letter}-address`, { domain: "vpc", tags }, { parent: this, dependsOn: [gateway] });
      const nat = { allocationId: address.id, subnetId: must(publicSubnets[letter]), tags };
      return new NatGateway(`${name}-nat-${letter}`, nat, { parent: this, dependsOn: [gateway] });
    });
  }
}

type SubnetIds = Readonly<Record<string, pulumi.Output<string>>>;

interface ZoneArgs {
  readonly identity: CloudIdentity;
  readonly vpcId: pulumi.Output<string>;
}

function byLetter<T>(zones: readonly ZonePlan[], make: (zone: ZonePlan) => T): Readonly<Record<string, T>> {
  return Object.fromEntries(zones.map((zone) => [zone.letter, make(zone)]));
}

/** What the plan has for every zone. */
function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("a zone of the network's plan has no counterpart");
  return value;
}
