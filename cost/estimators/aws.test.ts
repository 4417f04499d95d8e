import { expect, test } from "vitest";
import { unknownValue } from "../testing.ts";
import { bill, type Example } from "./testing.ts";

const [us, frankfurt, ireland] = ["us-east-1", "eu-central-1", "eu-west-1"];
const eks = (inputs: Readonly<Record<string, unknown>>): Example => ({
  type: "aws:eks/cluster:Cluster",
  inputs: { region: us, version: "1.36", ...inputs },
});
const nodes = (inputs: object, more: Partial<Example> = {}): Example => ({
  type: "aws:eks/nodeGroup:NodeGroup",
  inputs: { region: frankfurt, instanceTypes: ["m7i.2xlarge"], scalingConfig: { desiredSize: 5 }, ...inputs },
  ...more,
});
const machine = (inputs: object): Example => ({
  type: "aws:ec2/instance:Instance",
  inputs: { region: frankfurt, instanceType: "m7g.xlarge", ...inputs },
});
const template = (blockDeviceMappings: unknown) => ({
  launchTemplate: [{ type: "aws:ec2/launchTemplate:LaunchTemplate", inputs: { blockDeviceMappings } }],
});
const byTemplate = { launchTemplate: { id: unknownValue } };
const disk = (inputs: object): Example => ({ type: "aws:ebs/volume:Volume", inputs: { region: us, ...inputs } });
const endpoint = (count: number, region = us): Example => ({
  type: "aws:ec2/vpcEndpoint:VpcEndpoint",
  inputs: { region, vpcEndpointType: "Interface", subnetIds: Array.from({ length: count }, () => unknownValue) },
});
const check = (inputs: Readonly<Record<string, unknown>>): Example => ({ type: "aws:route53/healthCheck:HealthCheck", inputs });

/** Every amount worked out by hand from AWS's list, USD net a month of 730 hours. */
const examples: Readonly<Record<string, readonly [Example, readonly string[]]>> = {
  "1 EKS in standard support: 730 × 0.10": [eks({}), ["73", "= 73"]],
  "2 EKS 1.29 in extended support: 730 × (0.10 + 0.50)": [eks({ version: "1.29" }), ["73", "365", "= 438"]],
  "3 EKS 1.34 until its last day of standard support: 73": [{ ...eks({ version: "1.34" }), today: "2026-12-01" }, ["73", "= 73"]],
  "4 EKS 1.34 from the day after: 73 + 365": [{ ...eks({ version: "1.34" }), today: "2026-12-02" }, ["73", "365", "= 438"]],
  "5 EKS with a control plane XL: 73 + 730 × 1.65": [
    eks({ controlPlaneScalingConfig: { tier: "tier-xl" } }),
    ["73", "1204.5", "= 1277.5"],
  ],
  "6 a NAT gateway with 100 GB in us-east-1: 730 × 0.045 + 100 × 0.045": [
    { type: "aws:ec2/natGateway:NatGateway", inputs: { region: us }, figures: { "data-gb": 100 } },
    ["32.85", "4.5", "= 37.35"],
  ],
  "7 a NAT gateway in Frankfurt by the region of its provider: 730 × 0.052": [
    { type: "aws:ec2/natGateway:NatGateway", provider: { region: frankfurt } },
    ["37.96", "= 37.96"],
  ],
  "8 an internal ALB with 1.3698 capacity units: 730 × 0.0225, + 1.3698 × 730 × 0.008": [
    { type: "aws:lb/loadBalancer:LoadBalancer", inputs: { region: us, internal: true }, figures: { "capacity-units": 1.3698 } },
    ["16.425", "7.999632", "= 24.424632"],
  ],
  "9 a public NLB in three zones in Ireland: 730 × 0.0252, and 3 addresses × 730 × 0.005": [
    {
      type: "aws:lb/loadBalancer:LoadBalancer",
      inputs: { region: ireland, loadBalancerType: "network", subnets: ["a", "b", "c"] },
    },
    ["18.396", "10.95", "= 29.346"],
  ],
  "10 an interface endpoint in two zones: 2 × 730 × 0.01": [endpoint(2), ["14.6", "= 14.6"]],
  "11 the same in three zones of Frankfurt with 8.6 GB: 3 × 730 × 0.012 + 8.6 × 0.01": [
    { ...endpoint(3, frankfurt), figures: { "data-gb": 8.6 } },
    ["26.28", "0.086", "= 26.366"],
  ],
  "12 7,000,000 GB through one: 7.30 + 1,048,576 × 0.01 + 4,194,304 × 0.006 + 1,757,120 × 0.004": [
    { ...endpoint(1), figures: { "data-gb": 7_000_000 } },
    ["7.3", "10485.76", "25165.824", "7028.48", "= 42687.364"],
  ],
  "13 a gateway endpoint: nothing": [{ type: "aws:ec2/vpcEndpoint:VpcEndpoint", inputs: { region: us } }, ["0", "= 0"]],
  "14 a zone with 1,100 M standard, 1,200 M latency, 1,500 M geo queries: .50 + 400+20 + 600+60 + 700+175": [
    {
      type: "aws:route53/zone:Zone",
      figures: { "standard-queries-million": 1100, "latency-queries-million": 1200, "geo-queries-million": 1500 },
    },
    ["0.5", "400", "20", "600", "60", "700", "175", "= 1955.5"],
  ],
  "15 157,000 GB out of Frankfurt: 10,240 × .09 + 40,960 × .085 + 102,400 × .07 + 3,400 × .05; 750 GB elsewhere × .02": [
    { type: "aws:ec2/vpc:Vpc", inputs: { region: frankfurt }, figures: { "internet-out-gb": 157_000, "other-region-gb": 750 } },
    ["921.6", "3481.6", "7168", "170", "15", "= 11756.2"],
  ],
  "16 t4g.small in Frankfurt, 32 GB gp3, an address: 730 × .0192 + 32 × .0952 + 730 × .005": [
    {
      type: "aws:ec2/instance:Instance",
      inputs: {
        ...{ region: frankfurt, instanceType: "t4g.small", associatePublicIpAddress: true },
        rootBlockDevice: { volumeType: "gp3", volumeSize: 32 },
      },
    },
    ["14.016", "3.0464", "3.65", "= 20.7124"],
  ],
  "17 five m7i.2xlarge in Frankfurt with 20 GB gp3 each: 5 × 730 × .483 + 100 × .0952": [
    nodes({}),
    ["1762.95", "9.52", "= 1772.47"],
  ],
  "18 one g6.12xlarge in us-east-1 whose template has 200 GB gp3 at 4000 IOPS, 250 MiB/s: 3359.168 + 16 + 5 + 5": [
    nodes(
      { region: us, instanceTypes: ["g6.12xlarge", "g5.12xlarge"], scalingConfig: { desiredSize: 1 }, ...byTemplate },
      { from: template([{ ebs: { volumeType: "gp3", volumeSize: 200, iops: 4000, throughput: 250 } }]) },
    ),
    ["3359.168", "16", "5", "5", "= 3385.168"],
  ],
  "19 no node now: nothing": [nodes({ scalingConfig: { desiredSize: 0 } }), ["0", "0", "= 0"]],
  "20 a gp3 disk of 100 GB at 3000 IOPS: 100 × .08, the rest is included": [
    disk({ type: "gp3", size: 100, iops: 3000, throughput: 125 }),
    ["8", "= 8"],
  ],
  "21 an io1 disk of 50 GB at 1000 IOPS: 50 × .125 + 1000 × .065": [
    disk({ type: "io1", size: 50, iops: 1000 }),
    ["6.25", "65", "= 71.25"],
  ],
  "22 a health check by HTTPS every 10 s with a string: .75 + 3 × 2.00": [
    check({ type: "HTTPS_STR_MATCH", requestInterval: 10 }),
    ["0.75", "6", "= 6.75"],
  ],
  "23 a bucket in Frankfurt with 1,000 GB and 10,000 writes: 1000 × .0245 + 10 × .0054": [
    { type: "aws:s3/bucket:Bucket", inputs: { region: frankfurt }, figures: { "storage-gb": 1000, "put-thousand": 10 } },
    ["24.5", "0.054", "= 24.554"],
  ],
  "24 a key: 1.00": [{ type: "aws:kms/key:Key", inputs: { region: frankfurt } }, ["1", "= 1"]],
  "25 a secret in Ireland with 20,000 calls: .40 + 2 × .05": [
    { type: "aws:secretsmanager/secret:Secret", inputs: { region: ireland }, figures: { "calls-10-thousand": 2 } },
    ["0.4", "0.1", "= 0.5"],
  ],
  "26 logs in Frankfurt: 10 GB × .63 in, 100 GB × .0324 kept": [
    { type: "aws:cloudwatch/logGroup:LogGroup", inputs: { region: frankfurt }, figures: { "ingested-gb": 10, "stored-gb": 100 } },
    ["6.3", "3.24", "= 9.54"],
  ],
  "27 two g6e.xlarge reserved in us-east-1: 2 × 730 × 1.861": [
    {
      type: "aws:ec2/capacityReservation:CapacityReservation",
      inputs: { region: us, instanceType: "g6e.xlarge", instanceCount: 2, instancePlatform: "Linux/UNIX" },
    },
    ["2717.06", "= 2717.06"],
  ],
  "28 an address: 730 × .005": [{ type: "aws:ec2/eip:Eip", inputs: { region: ireland } }, ["3.65", "= 3.65"]],
  "29 a shared machine on demand in Frankfurt: 730 × .1955": [machine({ tenancy: "default" }), ["142.715", "= 142.715"]],
};

test.each(Object.entries(examples))("%s", (_, [example, expected]) => expect(bill(example)).toEqual(expected));

test.each<[string, Example, string]>([
  ["a region nobody names", { type: "aws:ec2/natGateway:NatGateway" }, "neither it nor its provider names a region"],
  ["a region that is not known", { type: "aws:ec2/eip:Eip", inputs: { region: unknownValue } }, "region is known only after"],
  ["a region that was not read", eks({ region: "eu-north-1" }), "cluster, standard support: no price was read for eu-north-1"],
  ["a version whose support was not read", eks({ version: "1.40" }), "version 1.40: its support dates were not read"],
  [
    "a capacity that was not read in Europe",
    eks({ region: frankfurt, controlPlaneScalingConfig: { tier: "tier-xl" } }),
    "plane XL",
  ],
  [
    "a GPU that Ireland does not list",
    nodes({ region: ireland, instanceTypes: ["g6e.xlarge"] }),
    "g6e.xlarge Linux on-demand: no price",
  ],
  ["a spot machine", machine({ instanceMarketOptions: { marketType: "spot" } }), "a spot machine has no list price"],
  ["a spot machine that does not say so", machine({ instanceMarketOptions: {} }), "a spot machine has no list price"],
  ["a market that is not known", machine({ instanceMarketOptions: unknownValue }), "marketType is known only after"],
  ["a machine of its own", machine({ tenancy: "dedicated" }), "tenancy dedicated has no price here"],
  ["a tenancy that is not known", machine({ tenancy: unknownValue }), "tenancy is known only after"],
  ["Windows nodes", nodes({ amiType: "WINDOWS_CORE_2022_x86_64" }), "Windows nodes have no price here"],
  ["nodes of an image that is not known", nodes({ amiType: unknownValue }), "amiType is known only after"],
  [
    "Windows machines reserved",
    { type: "aws:ec2/capacityReservation:CapacityReservation", inputs: { region: us, instancePlatform: "Windows" } },
    "machines with Windows have no price here",
  ],
  ["spot nodes", nodes({ capacityType: "SPOT" }), "spot nodes have no list price"],
  ["unknown instance types", nodes({ instanceTypes: unknownValue }), "instanceTypes is known only after the deployment"],
  ["an unknown number of nodes", nodes({ scalingConfig: unknownValue }), "scalingConfig.desiredSize is known only after"],
  ["a launch template of somebody else", nodes(byTemplate), "the launch template with its disks is not part of the plan"],
  ["unknown disks", nodes(byTemplate, { from: template(unknownValue) }), "blockDeviceMappings is known only after"],
  ["a disk of unknown size", nodes(byTemplate, { from: template([{ ebs: { volumeType: "gp3" } }]) }), "volumeSize is not set"],
  [
    "a key in Ireland",
    { type: "aws:kms/key:Key", inputs: { region: ireland } },
    "customer managed key: no price was read for eu-west-1",
  ],
  [
    "storage beyond the tiers that were read",
    { type: "aws:s3/bucket:Bucket", inputs: { region: frankfurt }, figures: { "storage-gb": 60_000 } },
    "next 450 TB",
  ],
  ["a calculated health check", check({ type: "CALCULATED" }), "health checks of type CALCULATED have no price here"],
  [
    "a gateway load balancer",
    { type: "aws:lb/loadBalancer:LoadBalancer", inputs: { region: us, loadBalancerType: "gateway" } },
    "gateway",
  ],
  ["a table with provisioned capacity", { type: "aws:dynamodb/table:Table", inputs: { region: us } }, "provisioned capacity"],
  ["a database", { type: "aws:rds/cluster:Cluster", inputs: { region: us } }, "this type has no price here"],
])("%s has no amount, and the reason", (_, example, reason) => {
  expect(bill(example).join("; ")).toContain(reason);
});
