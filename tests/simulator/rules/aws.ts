import { awsClusterTypes } from "./aws-cluster.ts";
import { awsEdgeTypes } from "./aws-edge.ts";
import { awsFunctions } from "./aws-functions.ts";
import { awsIdentityTypes } from "./aws-identity.ts";
import { awsNetworkTypes } from "./aws-network.ts";
import { awsNodeTypes } from "./aws-nodes.ts";
import { awsStorageTypes } from "./aws-storage.ts";
import { account, region } from "./aws-values.ts";
import type { CloudRules } from "./types.ts";
import * as rule from "./values.ts";

/** Codes of limits. Source: EC2 API error codes, S3 error responses, EKS API reference. */
const limits: Readonly<Record<string, string>> = {
  "aws:ec2/eip:Eip": "AddressLimitExceeded",
  "aws:ec2/natGateway:NatGateway": "NatGatewayLimitExceeded",
  "aws:ec2/vpc:Vpc": "VpcLimitExceeded",
  "aws:eks/cluster:Cluster": "ResourceLimitExceededException",
  "aws:iam/role:Role": "LimitExceeded",
  "aws:s3/bucket:Bucket": "TooManyBuckets",
  "vCPUs of GPU instances": "VcpuLimitExceeded",
  "vCPUs of standard instances": "VcpuLimitExceeded",
};

/** AWS as far as our components use it: one account, whatever the credentials. */
export const awsRules: CloudRules = {
  manners: {
    // The provider's default of max_retries; its calls then end with the service's own error.
    retries: 25,
    tooMany: "Rate exceeded (ThrottlingException)",
    patience: 0,
    notReady: (type) =>
      type.startsWith("aws:eks/")
        ? "is not in ACTIVE status (InvalidRequestException)"
        : "is not in a valid state (IncorrectState)",
    limit: (quota) => limits[quota] ?? "LimitExceededException",
  },
  settings: {
    region,
    "allowedAccountIds[]": rule.oneOf(account),
    skipCredentialsValidation: rule.anything,
    skipRegionValidation: rule.anything,
  },
  requiredSettings: ["region", "allowedAccountIds"],
  types: {
    ...awsNetworkTypes,
    ...awsIdentityTypes,
    ...awsClusterTypes,
    ...awsNodeTypes,
    ...awsStorageTypes,
    ...awsEdgeTypes,
  },
  functions: awsFunctions,
};
