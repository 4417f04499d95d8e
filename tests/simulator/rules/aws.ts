import { awsClusterTypes } from "./aws-cluster.ts";
import { awsEdgeTypes } from "./aws-edge.ts";
import { awsIdentityTypes } from "./aws-identity.ts";
import { awsNetworkTypes } from "./aws-network.ts";
import { awsNodeTypes } from "./aws-nodes.ts";
import { awsStorageTypes } from "./aws-storage.ts";
import { account, region } from "./aws-values.ts";
import type { CloudRules } from "./types.ts";
import * as rule from "./values.ts";

/** AWS as far as our components use it: one account, whatever the credentials. */
export const awsRules: CloudRules = {
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
  functions: {},
};
