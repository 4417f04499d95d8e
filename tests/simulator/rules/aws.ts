import type { CloudRules } from "./types.ts";
import * as rule from "./values.ts";

/** AWS as far as our components use it. */
export const awsRules: CloudRules = {
  settings: { region: rule.matching(/^[a-z]{2}(-[a-z]+)+-\d$/, "a region") },
  requiredSettings: ["region"],
  types: {},
  functions: {},
};
