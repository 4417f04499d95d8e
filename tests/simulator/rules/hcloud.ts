import { hcloudFunctions } from "./hcloud-functions.ts";
import { hcloudNameTypes } from "./hcloud-names.ts";
import { hcloudNetworkTypes } from "./hcloud-network.ts";
import { hcloudServerTypes } from "./hcloud-server.ts";
import { hcloudStorageTypes } from "./hcloud-storage.ts";
import type { CloudRules } from "./types.ts";
import * as rule from "./values.ts";

/** Hetzner as far as our components use it. */
export const hcloudRules: CloudRules = {
  manners: {
    // hcloud-go v2.32 to v2.53 (client.go, retryMaxRetries; client_handler_retry.go): five more tries on rate_limit_exceeded. The text is
    // the API's (hcloud-python, its tests of the client). The provider waits for what is locked.
    retries: 5,
    tooMany: "limit of 3600 requests per hour reached (rate_limit_exceeded)",
    patience: 30_000,
    notReady: () => "is locked by another action (locked)",
    limit: () => "resource_limit_exceeded",
  },
  settings: {
    token: rule.matching(/^[A-Za-z0-9]{64}$/, "an API token of 64 letters and digits"),
    pollInterval: rule.matching(/^\d+(ms|s)$/, 'a duration like "1s"'),
  },
  requiredSettings: ["token"],
  types: { ...hcloudNetworkTypes, ...hcloudServerTypes, ...hcloudStorageTypes, ...hcloudNameTypes },
  functions: hcloudFunctions,
};
