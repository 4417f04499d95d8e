import { SecurityGroup } from "@pulumi/aws/ec2/securityGroup.js";
import { VpcEndpoint } from "@pulumi/aws/ec2/vpcEndpoint.js";
import { SecurityGroupIngressRule } from "@pulumi/aws/vpc/securityGroupIngressRule.js";
import * as pulumi from "@pulumi/pulumi";
import type { AwsRegion } from "../core/aws-regions.ts";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { interfaceServices, type NetworkPlan } from "./network-plan.ts";
import type { RegionNetwork } from "./network.ts";
import { awsTags } from "./tags.ts";

export interface EndpointsArgs {
  readonly identity: CloudIdentity;
  readonly region: AwsRegion;
  readonly plan: NetworkPlan;
  readonly network: RegionNetwork;
}

/** The AWS services that the cluster cannot do without, reached without leaving the network. */
export class Endpoints extends pulumi.ComponentResource {
  constructor(name: string, args: EndpointsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:Endpoints", name, {}, opts);
    const { identity, region, plan, network } = args;
    const { vpcId, privateSubnets, privateTables } = network;
    const own = { parent: this };
    const group = new SecurityGroup(
      `${name}-group`,
      {
        name: cloudName(identity, "endpoints"),
        description: "Interfaces of AWS services",
        vpcId,
        tags: awsTags(identity, "endpoints"),
      },
      own,
    );
    const https = { ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv4: plan.range, description: "The network itself" };
    const tags = awsTags(identity, "endpoints");
    new SecurityGroupIngressRule(`${name}-https`, { securityGroupId: group.id, ...https, tags }, own);
    const subnetIds = plan.endpointZones.flatMap((letter) => privateSubnets[letter] ?? []);
    for (const service of interfaceServices)
      new VpcEndpoint(
        `${name}-${service.replace(".", "-")}`,
        {
          vpcId,
          vpcEndpointType: "Interface",
          serviceName: `com.amazonaws.${region}.${service}`,
          privateDnsEnabled: true,
          subnetIds,
          securityGroupIds: [group.id],
          tags: awsTags(identity, service),
        },
        own,
      );
    const routeTableIds = Object.values(privateTables);
    const storage = { vpcId, vpcEndpointType: "Gateway", serviceName: `com.amazonaws.${region}.s3`, routeTableIds };
    new VpcEndpoint(`${name}-s3`, { ...storage, tags: awsTags(identity, "s3") }, own);
    this.registerOutputs({});
  }
}
