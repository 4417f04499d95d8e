import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { WireMap } from "../../../toolchain/providers/values.ts";
import { clusterName, version } from "./aws-cluster.ts";
import { subnetId } from "./aws-network.ts";
import {
  account,
  arn,
  arnOf,
  cron,
  ec2Id,
  ec2IdOf,
  isMap,
  ourTags,
  ownRegion,
  ownTags,
  tags,
  tagsChange,
  uuid,
} from "./aws-values.ts";
import type { Made, TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const template = "aws:ec2/launchTemplate:LaunchTemplate";
const tagged = { ...ownRegion, ...ownTags };
const hasGpu = (type: string): boolean => /^(g\d|p\d)/.test(type);

/** Auto Scaling groups are named, not referred to: EKS makes them, so none is in the store. */
const autoscalingGroup = rule.matching(/^eks-.+-[0-9a-f-]{36}$/, "the name of a group that EKS made");

function groupProblems(inputs: WireMap): CheckFailure[] {
  const { minSize = 0, desiredSize = 0, maxSize = 0 } = inputs["scalingConfig"] as Record<string, number>;
  const types = inputs["instanceTypes"] as string[];
  const nvidia = String(inputs["amiType"]).endsWith("_NVIDIA");
  const problem = (ok: boolean, property: string, reason: string): CheckFailure[] => (ok ? [] : [{ property, reason }]);
  return [
    ...problem(minSize <= desiredSize && desiredSize <= maxSize, "scalingConfig", "needs minSize ≤ desiredSize ≤ maxSize"),
    ...problem(maxSize >= 1, "scalingConfig.maxSize", "needs 1 or more"),
    ...problem(types.length <= 20 && new Set(types).size === types.length, "instanceTypes", "needs at most 20, each once"),
    ...problem(
      types.every((type) => hasGpu(type) === nvidia),
      "amiType",
      "needs the image with drivers for machines with a GPU only",
    ),
  ];
}

/** Of the largest type that it may start: `xlarge` is 4, `8xlarge` 32. Each family has a limit of its own. */
function vcpus(inputs: WireMap): { quota: string; amount: number } {
  const types = inputs["instanceTypes"] as string[];
  const each = types.map((type) => {
    const [, times] = /\.(\d*)xlarge$/.exec(type) ?? [];
    return times === undefined ? 2 : 4 * Number(times || 1);
  });
  const nodes = Number((inputs["scalingConfig"] as WireMap)["desiredSize"]);
  const quota = types.some(hasGpu) ? "vCPUs of GPU instances" : "vCPUs of standard instances";
  return { quota, amount: nodes * Math.max(...each) };
}

/** EKS makes a name of the prefix and the time; here it depends on what would replace the group. */
function groupName({ inputs }: Pick<Made, "inputs">): string {
  const what = ["clusterName", "amiType", "capacityType", "instanceTypes"].map((key) => JSON.stringify(inputs[key]));
  return `${String(inputs["nodeGroupNamePrefix"])}${uuid(what.join()).replaceAll("-", "").slice(0, 26)}`;
}

const contentChanges = (before: WireMap, after: WireMap): boolean =>
  Object.keys(after).some((key) => key !== "tags" && JSON.stringify(before[key]) !== JSON.stringify(after[key])) ||
  (before["capacityReservationSpecification"] !== undefined && after["capacityReservationSpecification"] === undefined);

/** Machines. Source: EC2, EKS and Auto Scaling guides and the provider's schema. */
export const awsNodeTypes: Readonly<Record<string, TypeRules>> = {
  [template]: {
    inputs: {
      name: rule.matching(/^[a-zA-Z0-9().\-/_]{3,128}$/, "a name of 3 to 128 characters"),
      "metadataOptions.httpEndpoint": rule.oneOf("enabled"),
      "metadataOptions.httpTokens": rule.oneOf("required"),
      "metadataOptions.httpPutResponseHopLimit": rule.wholeNumber(1, 64),
      "blockDeviceMappings[].deviceName": rule.matching(/^\/dev\/\w+$/, "a device"),
      "blockDeviceMappings[].ebs.volumeType": rule.oneOf("gp3", "gp2", "io1", "io2"),
      "blockDeviceMappings[].ebs.volumeSize": rule.wholeNumber(1, 16_384),
      // The SDK has texts here.
      "blockDeviceMappings[].ebs.encrypted": rule.oneOf("true"),
      "blockDeviceMappings[].ebs.deleteOnTermination": rule.oneOf("true", "false"),
      "tagSpecifications[].resourceType": rule.oneOf("instance", "volume", "network-interface"),
      "tagSpecifications[].tags": tags,
      "capacityReservationSpecification.capacityReservationTarget.capacityReservationId": rule.matching(
        /^cr-[0-9a-f]{8,17}$/,
        "the id of a capacity reservation",
      ),
      tags: ourTags,
    },
    required: ["name", "metadataOptions", "tags"],
    unique: [["name"]],
    id: ec2Id("lt"),
    changing: {
      ...tagsChange,
      latestVersion: { when: contentChanges, to: ({ outputs }) => Number(outputs["latestVersion"]) + 1 },
    },
    outputs: {
      ...arn("ec2", ({ id }) => `launch-template/${id}`),
      ...tagged,
      defaultVersion: () => 1,
      latestVersion: () => 1,
    },
  },
  "aws:eks/nodeGroup:NodeGroup": {
    inputs: {
      clusterName,
      nodeGroupNamePrefix: rule.matching(/^[0-9A-Za-z][\w-]{0,36}$/, "at most 37 letters, digits, - and _"),
      nodeRoleArn: arnOf("aws:iam/role:Role"),
      "subnetIds[]": subnetId,
      version,
      amiType: rule.oneOf("AL2023_x86_64_STANDARD", "AL2023_x86_64_NVIDIA"),
      capacityType: rule.oneOf("ON_DEMAND", "SPOT"),
      "instanceTypes[]": rule.matching(/^[a-z]+\d[a-z]*\.(\d*x?large|metal)$/, "an instance type such as m7i.2xlarge"),
      "launchTemplate.id": ec2IdOf(template, "lt"),
      "launchTemplate.version": rule.matching(/^\d+$/, "a number as a text"),
      "scalingConfig.minSize": rule.wholeNumber(0, 450),
      "scalingConfig.desiredSize": rule.wholeNumber(0, 450),
      "scalingConfig.maxSize": rule.wholeNumber(1, 450),
      "updateConfig.maxUnavailable": rule.wholeNumber(1, 100),
      "nodeRepairConfig.enabled": rule.anything,
      labels: { rule: "labels", ok: isMap },
      "taints[].key": rule.matching(/^[\w./-]{1,63}$/, "a key"),
      "taints[].value": rule.matching(/^[\w.-]{0,63}$/, "a value"),
      "taints[].effect": rule.oneOf("NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"),
      tags: ourTags,
    },
    required: ["instanceTypes", "amiType", "version", "tags"],
    problems: groupProblems,
    madeOf: (inputs) =>
      Number((inputs["scalingConfig"] as WireMap)["desiredSize"]) > 0 ? (inputs["instanceTypes"] as string[]) : [],
    counts: vcpus,
    id: (_number, inputs) => `${String(inputs["clusterName"])}:${groupName({ inputs })}`,
    changing: tagsChange,
    outputs: {
      ...arn("eks", (made) => `nodegroup/${String(made.inputs["clusterName"])}/${groupName(made)}/${uuid(made.id)}`),
      ...tagged,
      diskSize: () => 0,
      nodeGroupName: groupName,
      releaseVersion: ({ inputs }) => `${String(inputs["version"])}.0-20261101`,
      resources: (made) => [
        { autoscalingGroups: [{ name: `eks-${groupName(made)}-${uuid(made.id)}` }], remoteAccessSecurityGroupId: "" },
      ],
      status: () => "ACTIVE",
    },
  },
  "aws:autoscaling/tag:Tag": {
    inputs: {
      autoscalingGroupName: autoscalingGroup,
      "tag.key": rule.matching(/^.{1,128}$/, "at most 128 characters"),
      "tag.value": rule.matching(/^.{0,256}$/, "at most 256 characters"),
      "tag.propagateAtLaunch": rule.anything,
    },
    id: (_number, inputs) => `${String(inputs["autoscalingGroupName"])},${String((inputs["tag"] as WireMap)["key"])}`,
    outputs: { ...ownRegion },
  },
  "aws:autoscaling/schedule:Schedule": {
    inputs: {
      autoscalingGroupName: autoscalingGroup,
      scheduledActionName: rule.matching(/^[^:]{1,255}$/, "a name"),
      recurrence: cron,
      timeZone: rule.matching(/^(UTC|[A-Z][A-Za-z]+\/[A-Za-z_/+-]+)$/, "a time zone"),
      minSize: rule.wholeNumber(0, 10_000),
      maxSize: rule.wholeNumber(0, 10_000),
      desiredCapacity: rule.wholeNumber(0, 10_000),
    },
    required: ["recurrence"],
    unique: [["autoscalingGroupName", "scheduledActionName"]],
    id: (_number, inputs) => String(inputs["scheduledActionName"]),
    outputs: {
      ...ownRegion,
      arn: ({ id, inputs, settings }) => {
        const group = String(inputs["autoscalingGroupName"]);
        return `arn:aws:autoscaling:${String(settings["region"])}:${account}:scheduledUpdateGroupAction:${uuid(id)}:autoScalingGroupName/${group}:scheduledActionName/${id}`;
      },
      desiredCapacity: () => -1,
      endTime: () => "",
      maxSize: () => -1,
      minSize: () => -1,
      startTime: () => "",
      timeZone: () => "UTC",
    },
  },
};
