import type { WireMap } from "../../../toolchain/providers/values.ts";
import { account, arn, ec2Id, ec2IdOf, ourTags, ownRegion, ownTags, tagsChange } from "./aws-values.ts";
import type { Made, TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const vpc = "aws:ec2/vpc:Vpc";
const subnet = "aws:ec2/subnet:Subnet";
const gateway = "aws:ec2/internetGateway:InternetGateway";
const nat = "aws:ec2/natGateway:NatGateway";
const eip = "aws:ec2/eip:Eip";
const table = "aws:ec2/routeTable:RouteTable";
const group = "aws:ec2/securityGroup:SecurityGroup";

export const vpcId = ec2IdOf(vpc, "vpc");
export const subnetId = ec2IdOf(subnet, "subnet");
export const groupId = ec2IdOf(group, "sg");
const owner = { ownerId: () => account };
const tagged = { inputs: { tags: ourTags }, outputs: { ...ownRegion, ...ownTags }, changing: tagsChange, required: ["tags"] };
const none = (): null => null;

const zoneOf = ({ inputs }: Made): string => String(inputs["availabilityZoneId"] ?? "");
const ec2Arn = (type: string) => arn("ec2", ({ id }) => `${type}/${id}`);

function endpointProblems(inputs: WireMap) {
  const isInterface = inputs["vpcEndpointType"] === "Interface";
  const needed = isInterface ? ["subnetIds", "securityGroupIds"] : ["routeTableIds"];
  const missing = needed.filter((key) => !Array.isArray(inputs[key]) || inputs[key].length === 0);
  const reason = `is what an endpoint of type ${String(inputs["vpcEndpointType"])} needs`;
  return missing.map((property) => ({ property, reason }));
}

/** Source: AWS EC2 and VPC user guides and the provider's schema. */
export const awsNetworkTypes: Readonly<Record<string, TypeRules>> = {
  [vpc]: {
    ...tagged,
    inputs: {
      ...tagged.inputs,
      cidrBlock: rule.ipv4Range(16, 28),
      enableDnsHostnames: rule.anything,
      enableDnsSupport: rule.anything,
    },
    required: ["tags", "cidrBlock"],
    id: ec2Id("vpc"),
    outputs: {
      ...tagged.outputs,
      ...ec2Arn("vpc"),
      ...owner,
      defaultNetworkAclId: ({ number }) => ec2Id("acl")(number),
      defaultRouteTableId: ({ number }) => ec2Id("rtb")(number),
      defaultSecurityGroupId: ({ number }) => ec2Id("sg")(number),
      dhcpOptionsId: ({ number }) => ec2Id("dopt")(number),
      ipv6AssociationId: () => "",
      mainRouteTableId: ({ number }) => ec2Id("rtb")(number),
    },
  },
  [subnet]: {
    ...tagged,
    inputs: {
      ...tagged.inputs,
      vpcId,
      availabilityZoneId: rule.matching(/^[a-z]{3,4}\d-az\d$/, "the id of a zone"),
      cidrBlock: rule.ipv4Range(16, 28),
      mapPublicIpOnLaunch: rule.anything,
    },
    required: ["tags", "cidrBlock", "availabilityZoneId"],
    unique: [["vpcId", "cidrBlock"]],
    id: ec2Id("subnet"),
    outputs: {
      ...tagged.outputs,
      ...ec2Arn("subnet"),
      ...owner,
      availabilityZone: (made) => `${String(made.settings["region"])}${"abcdef"[Number(zoneOf(made).at(-1)) - 1] ?? "a"}`,
      ipv6CidrBlockAssociationId: () => "",
    },
  },
  [gateway]: {
    ...tagged,
    inputs: { ...tagged.inputs, vpcId },
    required: ["tags", "vpcId"],
    unique: [["vpcId"]],
    id: ec2Id("igw"),
    outputs: { ...tagged.outputs, ...ec2Arn("internet-gateway"), ...owner },
  },
  [eip]: {
    ...tagged,
    inputs: { ...tagged.inputs, domain: rule.oneOf("vpc") },
    required: ["tags", "domain"],
    id: ec2Id("eipalloc"),
    outputs: {
      ...tagged.outputs,
      ...ec2Arn("elastic-ip"),
      allocationId: ({ id }) => id,
      associationId: () => "",
      carrierIp: () => "",
      customerOwnedIp: () => "",
      privateDns: () => "",
      privateIp: () => "",
      ptrRecord: () => "",
      publicDns: ({ number }) => `ec2-${rule.someIpv4(number).replaceAll(".", "-")}.compute.amazonaws.com`,
      publicIp: ({ number }) => rule.someIpv4(number),
    },
  },
  [nat]: {
    ...tagged,
    inputs: { ...tagged.inputs, allocationId: ec2IdOf(eip, "eipalloc"), subnetId },
    required: ["tags", "allocationId", "subnetId"],
    unique: [["allocationId"]],
    id: ec2Id("nat"),
    outputs: {
      ...tagged.outputs,
      associationId: ({ number }) => ec2Id("eipassoc")(number),
      autoProvisionZones: () => "",
      autoScalingIps: () => "",
      networkInterfaceId: ({ number }) => ec2Id("eni")(number),
      publicIp: ({ inputs, store }) => store.find(eip, String(inputs["allocationId"]))?.outputs["publicIp"] ?? "",
      regionalNatGatewayAddresses: () => [],
      regionalNatGatewayAutoMode: () => "",
      routeTableId: () => "",
    },
  },
  [table]: {
    ...tagged,
    inputs: { ...tagged.inputs, vpcId },
    id: ec2Id("rtb"),
    outputs: { ...tagged.outputs, ...ec2Arn("route-table"), ...owner, propagatingVgws: () => [], routes: () => [] },
  },
  "aws:ec2/route:Route": {
    inputs: {
      routeTableId: ec2IdOf(table, "rtb"),
      destinationCidrBlock: rule.ipv4Range(0, 32),
      gatewayId: ec2IdOf(gateway, "igw"),
      natGatewayId: ec2IdOf(nat, "nat"),
    },
    required: ["destinationCidrBlock"],
    problems: ({ gatewayId, natGatewayId }) =>
      (gatewayId === undefined) === (natGatewayId === undefined)
        ? [{ property: "gatewayId", reason: "needs one way: a gateway or a NAT gateway" }]
        : [],
    unique: [["routeTableId", "destinationCidrBlock"]],
    id: (_number, inputs) => `r-${String(inputs["routeTableId"])}1080289494`,
    outputs: {
      ...ownRegion,
      instanceId: () => "",
      instanceOwnerId: () => "",
      origin: () => "CreateRoute",
      state: () => "active",
      networkInterfaceId: () => "",
    },
  },
  "aws:ec2/routeTableAssociation:RouteTableAssociation": {
    inputs: { routeTableId: ec2IdOf(table, "rtb"), subnetId },
    required: ["subnetId"],
    unique: [["subnetId"]],
    id: ec2Id("rtbassoc"),
    outputs: { ...ownRegion },
  },
  [group]: {
    ...tagged,
    inputs: {
      ...tagged.inputs,
      name: rule.matching(/^(?!sg-)[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/, "a name that does not begin with sg-"),
      description: rule.matching(/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/, "a description of at most 255 plain characters"),
      vpcId,
    },
    required: ["tags", "name", "description", "vpcId"],
    unique: [["vpcId", "name"]],
    id: ec2Id("sg"),
    outputs: { ...tagged.outputs, ...ec2Arn("security-group"), ...owner, egress: () => [], ingress: () => [] },
  },
  "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {
    ...tagged,
    inputs: {
      ...tagged.inputs,
      securityGroupId: groupId,
      cidrIpv4: rule.ipv4Range(0, 32),
      description: rule.matching(/^.{1,255}$/, "at most 255 characters"),
      ipProtocol: rule.oneOf("tcp", "udp", "icmp", "-1"),
      fromPort: rule.port,
      toPort: rule.port,
    },
    required: ["tags", "fromPort", "toPort"],
    id: ec2Id("sgr"),
    outputs: { ...tagged.outputs, ...ec2Arn("security-group-rule"), securityGroupRuleId: ({ id }) => id },
  },
  "aws:ec2/vpcEndpoint:VpcEndpoint": {
    ...tagged,
    inputs: {
      ...tagged.inputs,
      vpcId,
      vpcEndpointType: rule.oneOf("Interface", "Gateway"),
      serviceName: rule.matching(/^com\.amazonaws\.[a-z0-9-]+\.[a-z0-9.-]+$/, "the name of an AWS service"),
      privateDnsEnabled: rule.anything,
      "subnetIds[]": subnetId,
      "securityGroupIds[]": groupId,
      "routeTableIds[]": ec2IdOf(table, "rtb"),
    },
    required: ["tags", "serviceName", "vpcEndpointType"],
    problems: endpointProblems,
    unique: [["vpcId", "serviceName"]],
    id: ec2Id("vpce"),
    outputs: {
      ...tagged.outputs,
      ...ec2Arn("vpc-endpoint"),
      ...owner,
      cidrBlocks: () => [],
      dnsEntries: () => [],
      ipAddressType: () => "ipv4",
      networkInterfaceIds: () => [],
      policy: none,
      prefixListId: () => "",
      requesterManaged: () => false,
      routeTableIds: () => [],
      securityGroupIds: () => [],
      state: () => "available",
      subnetIds: () => [],
    },
  },
};
