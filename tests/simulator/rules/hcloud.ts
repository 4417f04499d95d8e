import { hcloudNameTypes } from "./hcloud-names.ts";
import { hcloudNetworkTypes } from "./hcloud-network.ts";
import { hcloudServerTypes } from "./hcloud-server.ts";
import { hcloudStorageTypes } from "./hcloud-storage.ts";
import type { CloudRules } from "./types.ts";
import * as rule from "./values.ts";

/** Hetzner as far as our components use it. */
export const hcloudRules: CloudRules = {
  settings: {
    token: rule.matching(/^[A-Za-z0-9]{64}$/, "an API token of 64 letters and digits"),
    pollInterval: rule.matching(/^\d+(ms|s)$/, 'a duration like "1s"'),
  },
  requiredSettings: ["token"],
  types: { ...hcloudNetworkTypes, ...hcloudServerTypes, ...hcloudStorageTypes, ...hcloudNameTypes },
  functions: {},
};
