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

/**
 * Codes of limits. Source: EC2 API error codes, S3 error responses, EKS API reference. What a group of nodes says is longer:
 * "unexpected state 'CREATE_FAILED' … AsgInstanceLaunchFailures: … VcpuLimitExceeded - …" (klothoplatform/klotho#311).
 */
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
    // The provider's max_retries is 25 unless it is set (terraform-provider-aws, website/docs/index), which aws-sdk-go-base v2.0.0-beta.74
    // (aws_config.go) gives the SDK as attempts: the first is one of them. The SDK's words (aws-sdk-go-v2, aws/retry, MaxAttemptsError).
    retries: 24,
    tooMany: "exceeded maximum number of attempts, 25, api error ThrottlingException: Rate exceeded",
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
