import { expect, test } from "vitest";
import type { AskAws } from "./ask-aws.ts";
import { findAtAws, isAtAws } from "./pending-aws.ts";

const urn = (name: string): string => `urn:pulumi:shop::fidus::t::${name}`;
const tags = { Name: "fidus-a1b2c3-shop-network", "fidus.stack": "shop", "fidus.version": "0.1.0" };

async function idOf(type: string, inputs: Record<string, unknown>, arns: readonly string[] = []) {
  const asked: unknown[] = [];
  const ask: AskAws = {
    tagged: (...question) => {
      asked.push(question);
      return Promise.resolve(arns);
    },
    association: (...question) => {
      asked.push(question);
      return Promise.resolve(arns[0] ?? null);
    },
  };
  const resource = { urn: urn("r"), type, inputs };
  const search = { account: "123456789012", regionOfStack: () => Promise.resolve("eu-west-1"), ask };
  expect(isAtAws(resource)).toBe(true);
  return { id: (await findAtAws([resource], search)).get(resource.urn), asked };
}

// Forms of ids: the import sections of the AWS provider's documentation.
test.each([
  ["aws:eks/cluster:Cluster", { name: "c" }, "c"],
  ["aws:eks/addon:Addon", { clusterName: "c", addonName: "coredns" }, "c:coredns"],
  ["aws:eks/accessEntry:AccessEntry", { clusterName: "c", principalArn: "arn:aws:iam::1:role/r" }, "c:arn:aws:iam::1:role/r"],
  ["aws:s3/bucket:Bucket", { bucket: "b" }, "b"],
  ["aws:s3/bucketPolicy:BucketPolicy", { bucket: "b" }, "b"],
  ["aws:s3/bucketObjectv2:BucketObjectv2", { bucket: "b", key: "epoch.json" }, "b/epoch.json"],
  ["aws:autoscaling/tag:Tag", { autoscalingGroupName: "g", tag: { key: "k" } }, "g,k"],
  ["aws:iam/rolePolicyAttachment:RolePolicyAttachment", { role: "r", policyArn: "arn:p" }, "r/arn:p"],
  ["aws:ec2/route:Route", { routeTableId: "rtb-1", destinationCidrBlock: "0.0.0.0/0" }, "r-rtb-11080289494"],
  ["aws:route53/record:Record", { zoneId: "Z1", name: "n", type: "CNAME", setIdentifier: "primary" }, "Z1_n_CNAME_primary"],
  ["aws:budgets/budget:Budget", { name: "b" }, "123456789012:b"],
])("a %s is found by its name, without a question", async (type, inputs, id) => {
  expect(await idOf(type, inputs)).toEqual({ id, asked: [] });
});

// Forms of ARNs: the service authorization reference.
test.each([
  ["aws:ec2/vpc:Vpc", "ec2:vpc", "arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-0a1", "vpc-0a1", "eu-west-1"],
  ["aws:ec2/natGateway:NatGateway", "ec2:natgateway", "arn:aws:ec2:eu-west-1:1:natgateway/nat-0a1", "nat-0a1", "eu-west-1"],
  ["aws:kms/key:Key", "kms:key", "arn:aws:kms:eu-west-1:1:key/1234abcd-12ab", "1234abcd-12ab", "eu-west-1"],
  [
    "aws:eks/nodeGroup:NodeGroup",
    "eks:nodegroup",
    "arn:aws:eks:eu-west-1:1:nodegroup/c/system-1/uuid",
    "c:system-1",
    "eu-west-1",
  ],
  ["aws:route53/zone:Zone", "route53:hostedzone", "arn:aws:route53:::hostedzone/Z1", "Z1", "us-east-1"],
  [
    "aws:costexplorer/anomalyMonitor:AnomalyMonitor",
    "ce:anomalymonitor",
    "arn:aws:ce::1:anomalymonitor/u",
    "arn:aws:ce::1:anomalymonitor/u",
    "us-east-1",
  ],
])("a %s is found by its tags but the release", async (type, kind, arn, id, region) => {
  const { "fidus.version": _, ...asked } = tags;
  expect(await idOf(type, { tags }, [arn])).toEqual({ id, asked: [[region, kind, asked]] });
  expect((await idOf(type, { tags }, [])).id).toBeUndefined();
});

test("two that could be meant are not guessed between", async () => {
  const arns = ["arn:aws:ec2:eu-west-1:1:vpc/vpc-1", "arn:aws:ec2:eu-west-1:1:vpc/vpc-2"];
  await expect(idOf("aws:ec2/vpc:Vpc", { tags }, arns)).rejects.toThrow(/several resources with the tags/);
});

test("an association is found at its route table", async () => {
  const [type, inputs] = ["aws:ec2/routeTableAssociation:RouteTableAssociation", { routeTableId: "rtb-1", subnetId: "subnet-1" }];
  const asked = [["eu-west-1", "rtb-1", "subnet-1"]];
  expect(await idOf(type, inputs, ["rtbassoc-1"])).toEqual({ id: "rtbassoc-1", asked });
  expect(await idOf(type, inputs)).toEqual({ id: undefined, asked });
});

test("what no cloud makes is not looked for", () => {
  expect(isAtAws({ urn: urn("r"), type: "random:index/randomPassword:RandomPassword" })).toBe(false);
});
