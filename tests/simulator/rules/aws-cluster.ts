import type { CheckFailure } from "../../../toolchain/providers/resource.ts";
import type { WireMap } from "../../../toolchain/providers/values.ts";
import { kmsKey } from "./aws-identity.ts";
import { subnetId } from "./aws-network.ts";
import { arn, arnOf, json, nameOf, ourTags, ownRegion, ownTags, tagsChange, uuid } from "./aws-values.ts";
import type { Made, TypeRules } from "./types.ts";
import * as rule from "./values.ts";

export const cluster = "aws:eks/cluster:Cluster";
const role = "aws:iam/role:Role";
const createdAt = (): string => "2026-01-01T00:00:00Z";
export const clusterName = nameOf(cluster);
export const version = rule.oneOf("1.34", "1.35", "1.36");
const tagged = { ...ownRegion, ...ownTags };

function endpointProblems({ vpcConfig }: WireMap): CheckFailure[] {
  const {
    endpointPublicAccess,
    publicAccessCidrs = [],
    subnetIds,
  } = vpcConfig as {
    endpointPublicAccess?: boolean;
    publicAccessCidrs?: string[];
    subnetIds: string[];
  };
  const problem = (ok: boolean, property: string, reason: string): CheckFailure[] =>
    ok ? [] : [{ property: `vpcConfig.${property}`, reason }];
  return [
    ...problem(endpointPublicAccess === publicAccessCidrs.length > 0, "publicAccessCidrs", "goes with endpointPublicAccess"),
    ...problem(!publicAccessCidrs.includes("0.0.0.0/0"), "publicAccessCidrs", "may not be the whole world"),
    ...problem(subnetIds.length >= 2, "subnetIds", "needs two or more, in two zones"),
  ];
}

/** One minor version up at a time, never down; a control plane's encryption stays. Source: EKS user guide. */
function upgradeProblems(before: WireMap, after: WireMap): string[] {
  const [old, now] = [before, after].map((inputs) => Number(String(inputs["version"]).split(".")[1]));
  const step = (now ?? 0) - (old ?? 0);
  return step === 0 || step === 1
    ? []
    : [`version: ${step < 0 ? "a cluster never goes back" : "one step at a time"} (InvalidParameter)`];
}

const ofCluster = ({ inputs }: Made): string => String(inputs["clusterName"] ?? inputs["name"]);

/** The control plane, who enters it, and its add-ons. Source: EKS user guide, API reference and the provider's schema. */
export const awsClusterTypes: Readonly<Record<string, TypeRules>> = {
  [cluster]: {
    inputs: {
      name: rule.matching(/^[0-9A-Za-z][\w-]{0,99}$/, "a name of at most 100 letters, digits, - and _"),
      version,
      roleArn: arnOf(role),
      "accessConfig.authenticationMode": rule.oneOf("API", "API_AND_CONFIG_MAP", "CONFIG_MAP"),
      "accessConfig.bootstrapClusterCreatorAdminPermissions": rule.anything,
      bootstrapSelfManagedAddons: rule.anything,
      "vpcConfig.subnetIds[]": subnetId,
      "vpcConfig.endpointPrivateAccess": rule.anything,
      "vpcConfig.endpointPublicAccess": rule.anything,
      "vpcConfig.publicAccessCidrs[]": rule.ipv4Range(0, 32),
      "encryptionConfig.provider.keyArn": arnOf(kmsKey),
      "encryptionConfig.resources[]": rule.oneOf("secrets"),
      "enabledClusterLogTypes[]": rule.oneOf("api", "audit", "authenticator", "controllerManager", "scheduler"),
      "upgradePolicy.supportType": rule.oneOf("STANDARD", "EXTENDED"),
      "controlPlaneScalingConfig.tier": rule.oneOf("standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"),
      "zonalShiftConfig.enabled": rule.anything,
      deletionProtection: rule.anything,
      tags: ourTags,
    },
    required: ["name", "version", "tags", "encryptionConfig", "accessConfig"],
    problems: endpointProblems,
    refusesUpdate: upgradeProblems,
    refusesDelete: ({ deletionProtection }) =>
      deletionProtection === true ? ["deletion protection is on (InvalidRequestException)"] : [],
    unique: [["name"]],
    id: (_number, inputs) => String(inputs["name"]),
    changing: tagsChange,
    outputs: {
      ...arn("eks", ({ id }) => `cluster/${id}`),
      ...tagged,
      certificateAuthority: ({ id }) => ({ data: Buffer.from(`simulated authority of ${id}`).toString("base64") }),
      clusterId: () => "",
      createdAt,
      endpoint: ({ id, settings }) => {
        return `https://${uuid(id).replaceAll("-", "").toUpperCase()}.gr7.${String(settings["region"])}.eks.amazonaws.com`;
      },
      identities: ({ id, settings }) => [
        { oidcs: [{ issuer: `https://oidc.eks.${String(settings["region"])}.amazonaws.com/id/${uuid(id)}` }] },
      ],
      platformVersion: () => "eks.1",
      status: () => "ACTIVE",
      computeConfig: () => null,
      kubernetesNetworkConfig: () => ({ ipFamily: "ipv4", serviceIpv4Cidr: "172.20.0.0/16" }),
    },
  },
  "aws:eks/accessEntry:AccessEntry": {
    inputs: {
      clusterName,
      principalArn: rule.matching(/^arn:aws:iam::\d{12}:(role|user)\/.+$/, "the ARN of a role or user"),
      type: rule.oneOf("STANDARD", "EC2_LINUX"),
      tags: ourTags,
    },
    required: ["type", "tags"],
    unique: [["clusterName", "principalArn"]],
    id: (_number, inputs) => `${String(inputs["clusterName"])}:${String(inputs["principalArn"])}`,
    changing: tagsChange,
    outputs: {
      ...tagged,
      accessEntryArn: ({ id, settings }) => `arn:aws:eks:${String(settings["region"])}:210987654321:access-entry/${id}`,
      createdAt,
      modifiedAt: createdAt,
      kubernetesGroups: () => [],
      userName: ({ inputs }) => String(inputs["principalArn"]),
    },
  },
  "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
    inputs: {
      clusterName,
      principalArn: rule.matching(/^arn:aws:iam::\d{12}:(role|user)\/.+$/, "the ARN of a role or user"),
      policyArn: rule.matching(/^arn:aws:eks::aws:cluster-access-policy\/\w+$/, "the ARN of an access policy of EKS"),
      "accessScope.type": rule.oneOf("cluster", "namespace"),
    },
    unique: [["clusterName", "principalArn", "policyArn"]],
    id: (_number, inputs) => ["clusterName", "principalArn", "policyArn"].map((key) => String(inputs[key])).join("#"),
    outputs: { ...ownRegion, associatedAt: createdAt, modifiedAt: createdAt },
  },
  "aws:eks/addon:Addon": {
    inputs: {
      clusterName,
      addonName: rule.oneOf(
        "vpc-cni",
        "kube-proxy",
        "eks-pod-identity-agent",
        "coredns",
        "aws-ebs-csi-driver",
        "metrics-server",
        "eks-node-monitoring-agent",
      ),
      addonVersion: rule.matching(/^v\d+\.\d+\.\d+-eksbuild\.\d+$/, "a pinned version such as v1.2.3-eksbuild.4"),
      configurationValues: json,
      resolveConflictsOnCreate: rule.oneOf("NONE", "OVERWRITE"),
      resolveConflictsOnUpdate: rule.oneOf("NONE", "OVERWRITE", "PRESERVE"),
      "podIdentityAssociations[].roleArn": arnOf(role),
      "podIdentityAssociations[].serviceAccount": rule.hostName,
      tags: ourTags,
    },
    required: ["addonVersion", "tags"],
    unique: [["clusterName", "addonName"]],
    id: (_number, inputs) => `${String(inputs["clusterName"])}:${String(inputs["addonName"])}`,
    changing: tagsChange,
    outputs: {
      ...arn("eks", (made) => `addon/${ofCluster(made)}/${String(made.inputs["addonName"])}/${uuid(made.id)}`),
      ...tagged,
      configurationValues: () => "",
      createdAt,
      modifiedAt: createdAt,
    },
  },
};
