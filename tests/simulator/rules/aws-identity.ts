import type { WireMap } from "../../../toolchain/providers/values.ts";
import { account, arn, globalArn, nameOf, ourTags, ownRegion, ownTags, policy, tagsChange, uuid } from "./aws-values.ts";
import type { TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const role = "aws:iam/role:Role";
export const kmsKey = "aws:kms/key:Key";
export const kmsAlias = "aws:kms/alias:Alias";
const createdAt = (): string => "2026-01-01T00:00:00Z";

/** Names of roles and policies. Source: IAM user guide, quotas. */
const roleName = rule.matching(/^[\w+=,.@-]{1,64}$/, "a name of at most 64 letters, digits and + = , . @ - _");

/** AWS's own policies that we know to exist. */
const managedPolicies = rule.oneOf(
  ...[
    "AmazonEKSClusterPolicy",
    "AmazonEKSWorkerNodePolicy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEKS_CNI_Policy",
    "service-role/AmazonEBSCSIDriverPolicy",
  ].map((name) => `arn:aws:iam::aws:policy/${name}`),
);

/** A key whose account may not change it is lost: KMS refuses it. */
function keyProblems(inputs: WireMap) {
  const text = String(inputs["policy"]);
  const ok = text.includes(`arn:aws:iam::${account}:root`) && text.includes("kms:*");
  return ok ? [] : [{ property: "policy", reason: "needs to let the account change it (MalformedPolicyDocumentException)" }];
}

/** Roles and keys. Source: IAM and KMS guides and the provider's schema. */
export const awsIdentityTypes: Readonly<Record<string, TypeRules>> = {
  [role]: {
    inputs: { name: roleName, assumeRolePolicy: policy, tags: ourTags },
    required: ["name", "tags"],
    unique: [["name"]],
    id: (_number, inputs) => String(inputs["name"]),
    changing: tagsChange,
    outputs: {
      ...globalArn("iam", ({ id }) => `role/${id}`),
      ...ownTags,
      createDate: createdAt,
      inlinePolicies: () => [],
      managedPolicyArns: () => [],
      uniqueId: ({ id }) => `AROA${uuid(id).replaceAll("-", "").slice(0, 17).toUpperCase()}`,
    },
  },
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
    inputs: { role: nameOf(role), policyArn: managedPolicies },
    unique: [["role", "policyArn"]],
    id: (_number, inputs) => `${String(inputs["role"])}/${String(inputs["policyArn"])}`,
    outputs: {},
  },
  "aws:iam/rolePolicy:RolePolicy": {
    inputs: { name: roleName, role: nameOf(role), policy },
    required: ["name"],
    unique: [["role", "name"]],
    id: (_number, inputs) => `${String(inputs["role"])}:${String(inputs["name"])}`,
    outputs: {},
  },
  [kmsKey]: {
    inputs: {
      description: rule.matching(/^.{1,8192}$/, "a description"),
      deletionWindowInDays: rule.wholeNumber(7, 30),
      enableKeyRotation: rule.oneOf(true),
      policy,
      tags: ourTags,
    },
    required: ["policy", "enableKeyRotation", "tags"],
    problems: keyProblems,
    id: (number) => uuid(`key ${number}`),
    changing: tagsChange,
    outputs: {
      ...arn("kms", ({ id }) => `key/${id}`),
      ...ownRegion,
      ...ownTags,
      keyId: ({ id }) => id,
      multiRegion: () => false,
      rotationPeriodInDays: () => 365,
    },
  },
  [kmsAlias]: {
    inputs: {
      name: rule.matching(/^alias\/(?!aws\/)[\w/-]{1,250}$/, "alias/ and a name that does not begin with aws/"),
      targetKeyId: rule.idOf(kmsKey, /^[0-9a-f-]{36}$/),
    },
    required: ["name"],
    unique: [["name"]],
    id: (_number, inputs) => String(inputs["name"]),
    outputs: {
      ...arn("kms", ({ inputs }) => String(inputs["name"])),
      ...ownRegion,
      targetKeyArn: ({ inputs, store }) => store.find(kmsKey, String(inputs["targetKeyId"]))?.outputs["arn"] ?? "",
    },
    deletableInUse: true, // the other region's copies name it and are not asked
  },
};
