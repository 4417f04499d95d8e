import { describe, expect, test } from "vitest";
import { readPlan } from "../plan/read.ts";
import { previewOf, unknownValue, urnOf, type Step } from "../testing.ts";
import { checkPolicies, rules } from "./index.ts";

const tags = { "fidus.edition": "starter", "fidus.stack": "shop", "fidus.version": "1.0.0" };
const awsTags = { ...tags, "fidus.edition": "enterprise" };

/** `rule level: message` of each finding. */
function said(steps: readonly Step[], more: object = {}, maxGpus?: number): string[] {
  const plan = readPlan(previewOf(steps, more), "plan.json");
  return checkPolicies(plan, maxGpus === undefined ? {} : { maxGpus }).map((one) => `${one.rule} ${one.level}: ${one.message}`);
}

const firewall = (rule: object): Step => ({
  type: "hcloud:index/firewall:Firewall",
  inputs: { labels: tags, rules: [{ direction: "in", protocol: "tcp", ...rule }] },
});
const group = (rule: object): Step => ({
  type: "aws:ec2/securityGroup:SecurityGroup",
  inputs: { tags: awsTags, ingress: [rule] },
});
const single = (rule: object): Step => ({
  type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
  inputs: { tags: awsTags, ...rule },
});
const cluster = (vpcConfig: unknown): Step => ({
  type: "aws:eks/cluster:Cluster",
  inputs: { tags: awsTags, encryptionConfig: { resources: ["secrets"] }, vpcConfig },
});
const container = (inputs: object): Step => ({
  type: "docker:index/container:Container",
  inputs: { image: "fidus/app:0123456789ab", ...inputs },
});
const volume: Step = { type: "hcloud:index/volume:Volume", protect: true, inputs: { labels: tags } };
const nodes = (instanceTypes: unknown, maxSize: unknown): Step => ({
  type: "aws:eks/nodeGroup:NodeGroup",
  inputs: { tags: awsTags, instanceTypes, scalingConfig: { maxSize } },
});
const template = (ebs: object): Step => ({
  type: "aws:ec2/launchTemplate:LaunchTemplate",
  inputs: { tags: awsTags, blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs }] },
});

/** A resource that breaks a rule with what is said of it, and its smallest repair. */
const cases: Readonly<Record<string, { broken: Step; says: string; mended: Step }>> = {
  "SSH open to everybody": {
    broken: firewall({ port: "22", sourceIps: ["203.0.113.0/24", "0.0.0.0/0"] }),
    says: "open-ingress violation: port 22 is open to everybody",
    mended: firewall({ port: "22", sourceIps: ["203.0.113.0/24"] }),
  },
  "SSH open to one half of the internet": {
    broken: firewall({ port: "22", sourceIps: ["0.0.0.0/1"] }),
    says: "open-ingress violation: port 22 is open to everybody",
    mended: firewall({ port: "22", sourceIps: ["10.0.0.0/8", "fc00::/7"] }),
  },
  "a range of ports around 80 over IPv6": {
    broken: firewall({ port: "80-443", sourceIps: ["::/0"] }),
    says: "open-ingress violation: port 80-443 is open to everybody",
    mended: firewall({ port: "443", sourceIps: ["::/0"] }),
  },
  "all ports, because none is named": {
    broken: firewall({ sourceIps: ["0.0.0.0/0"] }),
    says: "open-ingress violation: every port is open to everybody",
    mended: firewall({ direction: "out", sourceIps: [], destinationIps: ["0.0.0.0/0"] }),
  },
  "a port that nobody knows yet": {
    broken: firewall({ port: unknownValue, sourceIps: ["0.0.0.0/0"] }),
    says: "open-ingress unknown: a port that is open to everybody is known only after the deployment",
    mended: firewall({ protocol: "icmp", sourceIps: ["0.0.0.0/0"] }),
  },
  "sources that nobody knows yet": {
    broken: firewall({ port: "22", sourceIps: [unknownValue] }),
    says: "open-ingress unknown: who may reach port 22 is known only after the deployment",
    mended: firewall({ port: "80", sourceIps: [unknownValue] }),
  },
  "rules that nobody knows yet": {
    broken: { ...firewall({}), inputs: { labels: tags, rules: unknownValue } },
    says: "open-ingress unknown: rules is known only after the deployment",
    mended: { ...firewall({}), inputs: { labels: tags, rules: [] } },
  },
  "a security group for every protocol": {
    broken: group({ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }),
    says: "open-ingress violation: port 0-0 is open to everybody",
    mended: group({ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["10.0.0.0/8"] }),
  },
  "a single rule for PostgreSQL": {
    broken: single({ ipProtocol: "tcp", fromPort: 5432, toPort: 5432, cidrIpv6: "::/0" }),
    says: "open-ingress violation: port 5432-5432 is open to everybody",
    mended: single({ ipProtocol: "tcp", fromPort: 443, toPort: 443, cidrIpv6: "::/0" }),
  },
  "a rule for every protocol where only ICMP was meant": {
    broken: single({ ipProtocol: "-1", cidrIpv4: "0.0.0.0/0" }),
    says: "open-ingress violation: every port is open to everybody",
    mended: single({ ipProtocol: "icmp", fromPort: -1, toPort: -1, cidrIpv4: "0.0.0.0/0" }),
  },
  "an API server without named networks": {
    broken: cluster({ endpointPublicAccess: true }),
    says: "public-service violation: the API server is open to everybody: no vpcConfig.publicAccessCidrs",
    mended: cluster({ endpointPublicAccess: true, publicAccessCidrs: ["203.0.113.0/24"] }),
  },
  "an API server open to the world": {
    broken: cluster({ publicAccessCidrs: ["0.0.0.0/0"] }),
    says: "public-service violation: the API server is open to 0.0.0.0/0",
    mended: cluster({ endpointPublicAccess: false }),
  },
  "an API server open to one half of the world": {
    broken: cluster({ publicAccessCidrs: ["128.0.0.0/1"] }),
    says: "public-service violation: the API server is open to 128.0.0.0/1",
    mended: cluster({ endpointPublicAccess: true, publicAccessCidrs: ["203.0.113.0/24"] }),
  },
  "an API server of which nothing is known": {
    broken: cluster(unknownValue),
    says: "public-service unknown: vpcConfig.endpointPublicAccess is known only after the deployment",
    mended: cluster({ endpointPublicAccess: false }),
  },
  "a published PostgreSQL": {
    broken: container({ ports: [{ internal: 5432, external: 5432, ip: "0.0.0.0" }] }),
    says: "public-service violation: port 5432 is published",
    mended: container({ ports: [{ internal: 5432, external: 5432, ip: "127.0.0.1" }] }),
  },
  "a balancer in front of Redis": {
    broken: { type: "hcloud:index/loadBalancerService:LoadBalancerService", inputs: { listenPort: 6379 } },
    says: "public-service violation: the balancer listens on 6379",
    mended: { type: "hcloud:index/loadBalancerService:LoadBalancerService", inputs: { listenPort: 443 } },
  },
  "a public database": {
    broken: { type: "aws:rds/clusterInstance:ClusterInstance", inputs: { tags: awsTags, publiclyAccessible: true } },
    says: "public-service violation: publiclyAccessible is true",
    mended: { type: "aws:rds/clusterInstance:ClusterInstance", inputs: { tags: awsTags } },
  },
  "a cluster whose secrets are not encrypted": {
    broken: { ...cluster({}), inputs: { tags: awsTags, vpcConfig: { endpointPublicAccess: false } } },
    says: "encryption violation: encryptionConfig is not set",
    mended: cluster({ endpointPublicAccess: false }),
  },
  "nodes with plain disks": {
    broken: template({ volumeSize: 100 }),
    says: "encryption violation: ebs.encrypted is not set to true",
    mended: template({ volumeSize: 100, encrypted: "true" }),
  },
  "disks of which nobody knows whether they are encrypted": {
    broken: template({ encrypted: unknownValue }),
    says: "encryption unknown: ebs.encrypted is known only after the deployment",
    mended: template({ encrypted: "true" }),
  },
  "a volume without protection": {
    broken: { ...volume, protect: false },
    says: "protection violation: it holds data and is not protected",
    mended: volume,
  },
  "an image by a tag that moves": {
    broken: container({ image: "postgres:17" }),
    says: 'mutable-image violation: image is "postgres:17"',
    mended: container({ image: `postgres@sha256:${"a".repeat(64)}` }),
  },
  "an image that nobody knows yet": {
    broken: container({ image: unknownValue }),
    says: "mutable-image unknown: image is known only after the deployment",
    mended: container({ image: `sha256:${"a".repeat(64)}` }),
  },
  "a cloud's thing without tags, not one that is a tag": {
    broken: { type: "aws:autoscaling/group:Group", inputs: {} },
    says: "tags violation: tags lack edition, stack, version",
    mended: { type: "aws:autoscaling/tag:Tag", inputs: { tag: { key: "k", value: "v" } } },
  },
  "a server without a version": {
    broken: { type: "hcloud:index/server:Server", inputs: { labels: { "fidus.edition": "pro", "fidus.stack": "shop" } } },
    says: "tags violation: labels lack version",
    mended: { type: "hcloud:index/server:Server", inputs: { labels: tags } },
  },
};

describe.each(Object.entries(cases))("%s", (_, { broken, says, mended }) => {
  test("is found", () => expect(said([broken])).toEqual([says]));
  test("is not found once mended", () => expect(said([mended])).toEqual([]));
});

test("GPUs of all node groups are counted together, by type and largest size", () => {
  const both = [
    nodes(["g6.xlarge", "g6.12xlarge"], 2),
    { ...nodes(["g5.xlarge"], 1), name: "more" },
    { ...nodes(["m7i.xlarge"], 50), name: "system" },
  ];
  expect(said(both, {}, 9)).toEqual([]);
  expect(said(both, {}, 8)).toEqual(["gpu-limit violation: up to 9 GPUs may run, 8 are allowed"]);
  expect(said([nodes(["g6.xlarge"], unknownValue)])).toEqual([
    "gpu-limit unknown: scalingConfig.maxSize is known only after the deployment",
  ]);
});

test("a secret in clear is found in the config by its name, an encrypted or a public one is not", () => {
  const config = {
    "fidus:hcloudToken": "abc",
    "fidus:llmApiKey": "[secret]",
    "fidus:hostKey": "ssh-ed25519 A",
    "fidus:domain": "a.test",
  };
  const plan = readPlan(previewOf([volume], { config }), "plan.json");
  expect(checkPolicies(plan)).toEqual([
    {
      rule: "plain-secret",
      urn: "shop",
      level: "violation",
      message: "hcloudToken stands in the config in clear",
      fix: "pulumi config set --secret hcloudToken; then rotate it",
    },
  ]);
});

test("a finding names resource, rule and what to do, and every rule is one of the list", () => {
  const plan = readPlan(previewOf([{ ...volume, protect: false }]), "plan.json");
  const [finding] = checkPolicies(plan);
  expect(finding).toMatchObject({ urn: urnOf(volume), rule: "protection", fix: "protect: true in the options of the resource." });
  expect(Object.keys(rules)).toEqual([
    ...["open-ingress", "public-service", "encryption", "protection", "mutable-image", "tags", "gpu-limit", "plain-secret"],
  ]);
});

test("the tags of Fidus are asked of Fidus alone, what holds data is protected everywhere", () => {
  const foreign = previewOf([{ ...volume, protect: false, inputs: {} }]).replaceAll("::fidus::", "::shop::");
  expect(checkPolicies(readPlan(foreign, "plan.json")).map(({ rule }) => rule)).toEqual(["protection"]);
});
