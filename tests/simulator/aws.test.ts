import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { unknownSentinel, type WireMap } from "../../toolchain/providers/values.ts";
import { create, step } from "../../toolchain/providers/testing/steps.ts";
import type { Cloud } from "./cloud/cloud.ts";
import { openCloud } from "./plugin.ts";
import { simulatedResource } from "./resource.ts";

let folder: string;
let cloud: Cloud;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "fidus-cloud-"));
  cloud = openCloud("aws", folder);
  cloud.settings = { region: "eu-central-1" };
});
afterEach(() => rmSync(folder, { recursive: true }));

const token = {
  vpc: "aws:ec2/vpc:Vpc",
  subnet: "aws:ec2/subnet:Subnet",
  role: "aws:iam/role:Role",
  key: "aws:kms/key:Key",
  cluster: "aws:eks/cluster:Cluster",
  template: "aws:ec2/launchTemplate:LaunchTemplate",
  group: "aws:eks/nodeGroup:NodeGroup",
} as const;
const tagKeys = ["edition", "environment", "installation", "role", "stack", "version"];
const tags = Object.fromEntries(tagKeys.map((key) => [`fidus.${key}`, "x"]));
const of = (type: string) => simulatedResource(cloud, type);
const document = (statement: object) => JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
const trust = document({ Effect: "Allow", Principal: { Service: "eks.amazonaws.com" }, Action: "sts:AssumeRole" });
const mine = document({ Effect: "Allow", Principal: { AWS: "arn:aws:iam::210987654321:root" }, Action: "kms:*", Resource: "*" });
const key = { description: "a key", enableKeyRotation: true, policy: mine, tags };
const template = {
  name: "nodes",
  metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
  tags,
};

async function clusterInputs(): Promise<WireMap> {
  const vpc = await create(of(token.vpc), { cidrBlock: "10.0.0.0/16", tags });
  const subnetIds = [];
  for (const n of [1, 2]) {
    const subnet = { vpcId: vpc.id, cidrBlock: `10.0.${n}.0/24`, availabilityZoneId: `euc1-az${n}`, tags };
    subnetIds.push((await create(of(token.subnet), subnet, `subnet-${n}`)).id);
  }
  const role = await create(of(token.role), { name: "cluster", assumeRolePolicy: trust, tags });
  const { state } = await create(of(token.key), key);
  return {
    name: "shop",
    version: "1.35",
    roleArn: role.state["arn"]!,
    accessConfig: { authenticationMode: "API", bootstrapClusterCreatorAdminPermissions: false },
    vpcConfig: { subnetIds, endpointPrivateAccess: true, endpointPublicAccess: false },
    encryptionConfig: { provider: { keyArn: state["arn"]! }, resources: ["secrets"] },
    tags,
  };
}

async function groupInputs(instanceTypes: string[], amiType: string, size: number): Promise<WireMap> {
  const inputs = await clusterInputs();
  await create(of(token.cluster), inputs);
  const { id } = await create(of(token.template), template);
  return {
    clusterName: "shop",
    nodeGroupNamePrefix: "gpu-",
    nodeRoleArn: inputs["roleArn"]!,
    subnetIds: (inputs["vpcConfig"] as WireMap)["subnetIds"]!,
    version: "1.35",
    amiType,
    instanceTypes,
    launchTemplate: { id, version: "1" },
    scalingConfig: { minSize: size, desiredSize: size, maxSize: 2 },
    tags,
  };
}

test("ids and ARNs have the forms that AWS gives them", async () => {
  const inputs = await clusterInputs();
  const { id, state } = await create(of(token.cluster), inputs);
  expect(id).toBe("shop");
  expect(state["arn"]).toBe("arn:aws:eks:eu-central-1:210987654321:cluster/shop");
  expect((inputs["vpcConfig"] as { subnetIds: string[] }).subnetIds[0]).toMatch(/^subnet-0[0-9a-f]{16}$/);
  expect(inputs["roleArn"]).toBe("arn:aws:iam::210987654321:role/cluster");
  expect((inputs["encryptionConfig"] as { provider: { keyArn: string } }).provider.keyArn).toMatch(
    /^arn:aws:kms:eu-central-1:210987654321:key\/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  );
});

test("a role or key that does not exist is refused by its ARN", async () => {
  const inputs = await clusterInputs();
  const roleArn = "arn:aws:iam::210987654321:role/nobody";
  await expect(create(of(token.cluster), { ...inputs, roleArn })).rejects.toThrow("roleArn: no such aws:iam/role:Role");
  await expect(create(of(token.cluster), { ...inputs, roleArn: "nobody" })).rejects.toThrow("roleArn: got another value");
});

test.each([
  ["no tags of ours", { tags: { Name: "x" } }, "tags: got another value; needs at most 50 tags"],
  ["a tag of AWS's own", { tags: { ...tags, "aws:x": "y" } }, "tags: got another value"],
  ["a range with host bits", { cidrBlock: "10.0.0.1/16" }, "cidrBlock: got another value"],
  ["a range that is too large for a network", { cidrBlock: "10.0.0.0/8" }, "cidrBlock: got another value"],
])("a network with %s is refused", async (_name, change, message) => {
  await expect(create(of(token.vpc), { cidrBlock: "10.0.0.0/16", tags, ...change })).rejects.toThrow(message);
});

test("a key that its own account could not change any more is refused", async () => {
  await expect(create(of(token.key), { ...key, policy: trust })).rejects.toThrow("needs to let the account change it");
  await expect(create(of(token.key), { ...key, policy: "{}" })).rejects.toThrow("needs an IAM policy document");
  await create(of(token.key), key);
});

test("a cluster shown to the whole world is refused, one shown to a network is not", async () => {
  const inputs = await clusterInputs();
  const shown = (publicAccessCidrs: string[]) => {
    return { ...inputs, vpcConfig: { ...(inputs["vpcConfig"] as WireMap), endpointPublicAccess: true, publicAccessCidrs } };
  };
  await expect(create(of(token.cluster), shown(["0.0.0.0/0"]))).rejects.toThrow("may not be the whole world");
  await expect(create(of(token.cluster), shown([]))).rejects.toThrow("goes with endpointPublicAccess");
  await create(of(token.cluster), shown(["203.0.113.0/24"]));
});

test("a cluster goes up one version at a time and never down", async () => {
  const inputs = await clusterInputs();
  await create(of(token.cluster), inputs);
  const change = (version: string) => of(token.cluster).update(step(token.cluster, "shop", { ...inputs, version }));
  await expect(change("1.34")).rejects.toThrow("a cluster never goes back");
  expect(await change("1.36")).toMatchObject({ version: "1.36" });
});

test("a cluster with deletion protection cannot be deleted", async () => {
  const inputs = await clusterInputs();
  const guarded = { ...inputs, deletionProtection: true };
  await create(of(token.cluster), guarded);
  await expect(of(token.cluster).delete(step(token.cluster, "shop", guarded))).rejects.toThrow("deletion protection is on");
  await of(token.cluster).delete(step(token.cluster, "shop", inputs));
});

test("nodes are made of the first type there is; of none, only when none are wanted yet", async () => {
  const types = ["g6e.xlarge", "g6.xlarge"];
  const inputs = await groupInputs(types, "AL2023_x86_64_NVIDIA", 1);
  cloud.faults.faults = { soldOut: types };
  await expect(create(of(token.group), inputs)).rejects.toThrow("there is no g6e.xlarge or g6.xlarge at the moment");
  const none = { ...inputs, nodeGroupNamePrefix: "later-", scalingConfig: { minSize: 0, desiredSize: 0, maxSize: 1 } };
  await create(of(token.group), none, "later");
  cloud.faults.faults = { soldOut: ["g6e.xlarge"] };
  const { id } = await create(of(token.group), inputs);
  expect(id).toMatch(/^shop:gpu-[0-9a-f]{26}$/);
});

test("an account without a quota for GPUs gets no node with one, and every other node", async () => {
  const gpu = await groupInputs(["g6e.xlarge"], "AL2023_x86_64_NVIDIA", 2);
  const system = { ...gpu, nodeGroupNamePrefix: "system-", instanceTypes: ["m7i.2xlarge"], amiType: "AL2023_x86_64_STANDARD" };
  cloud.faults.faults = { quotas: { "vCPUs of GPU instances": 7, "vCPUs of standard instances": 16 } };
  const says = "0 of 7 in use, the account's limit for vCPUs of GPU instances (VcpuLimitExceeded)";
  await expect(create(of(token.group), gpu)).rejects.toThrow(says);
  await create(of(token.group), system, "system");
  cloud.faults.faults = { quotas: { "vCPUs of GPU instances": 8 } };
  await create(of(token.group), gpu);
});

test("machines with a GPU get the image with drivers, others do not", async () => {
  const inputs = await groupInputs(["m7i.2xlarge"], "AL2023_x86_64_NVIDIA", 1);
  await expect(create(of(token.group), inputs)).rejects.toThrow("needs the image with drivers for machines with a GPU only");
  await create(of(token.group), { ...inputs, amiType: "AL2023_x86_64_STANDARD" });
});

test("a launch template gets a new version by its content, not by its tags", async () => {
  const { id, state } = await create(of(token.template), template);
  expect(state["latestVersion"]).toBe(1);
  const retagged = { ...template, tags: { ...tags, "fidus.version": "2" } };
  expect(of(token.template).previewUpdate(retagged, state)["latestVersion"]).toBe(1);
  expect(await of(token.template).update(step(token.template, id, retagged))).toMatchObject({
    latestVersion: 1,
    tagsAll: retagged.tags,
  });
  const changed = { ...retagged, blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs: { volumeSize: 50, encrypted: "true" } }] };
  expect(of(token.template).previewUpdate(changed, state)["latestVersion"]).toBe(unknownSentinel);
  expect(await of(token.template).update(step(token.template, id, changed))).toMatchObject({ latestVersion: 2 });
});

test("a region that is down refuses everything, another one does not notice", async () => {
  const { id } = await create(of(token.vpc), { cidrBlock: "10.0.0.0/16", tags });
  cloud.faults.faults = {
    refusals: [{ type: "aws:", kind: "any", settings: { region: "eu-west-1" }, message: "eu-west-1 does not answer" }],
  };
  await create(of(token.key), key);
  cloud.settings = { region: "eu-west-1" };
  await expect(create(of(token.key), key)).rejects.toThrow("eu-west-1 does not answer");
  await expect(of(token.vpc).delete(step(token.vpc, id, {}))).rejects.toThrow("eu-west-1 does not answer");
});
