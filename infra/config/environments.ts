import type { EnvironmentName } from "./keys/common.ts";
import type { Edition } from "./spec.ts";

type Settings = Readonly<Record<string, string>>;

/**
 * What a new environment starts with in place of the table's defaults, which are production's. Staging has production's shape
 * at a smaller size, development is as small as it gets: the same program, other settings.
 */
const differences: Readonly<Record<Edition, Readonly<Record<"development" | "staging", Settings>>>> = {
  community: { development: {}, staging: {} },
  starter: {
    development: { serverSize: "small", backupTarget: "none" },
    staging: { serverSize: "small" },
  },
  pro: {
    development: { topology: "compact", serverSize: "small" },
    staging: { serverSize: "small" },
  },
  "enterprise-global": { development: {}, staging: {} },
  "enterprise-region": {
    development: { natGateways: "one", systemNodes: "3", gpuNodes: "0", nightSleep: "20:00-06:00", deletionProtection: "false" },
    staging: { systemNodes: "3", gpuNodes: "0" },
  },
};

/** The entries that make a stack of the edition this environment. */
export function environmentSettings(edition: Edition, environment: EnvironmentName): Settings {
  return { environment, ...(environment === "production" ? {} : differences[edition][environment]) };
}
