import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { complete } from "../infra/config/testing.ts";
import { ensureInstallation } from "./installation.ts";
import { resolvePaths } from "./paths.ts";

/** Entries of stacks' configurations by stack; a key without a namespace is one of ours. */
export type StackEntries = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const frankfurt = complete["enterprise-region"];
const ireland = { ...frankfurt, region: "eu-west-1", peerRegion: "eu-central-1", vpcRange: "10.41.0.0/16" };
/** The three stacks of an enterprise named acme, which agree. */
export const acmeTrio = {
  "acme-global": complete["enterprise-global"],
  "acme-eu-central-1": frankfurt,
  "acme-eu-west-1": ireland,
} as const satisfies StackEntries;

/** For tests: makes the installation in the folder `home` and writes stacks' configurations into it, as the engine would. */
export async function writeStacks(home: string, stacks: StackEntries): Promise<void> {
  const env = { HOME: home, XDG_DATA_HOME: join(home, "data"), XDG_CACHE_HOME: join(home, "cache") };
  const installation = await ensureInstallation({ paths: resolvePaths(env), env });
  for (const [stack, entries] of Object.entries(stacks)) {
    const config = Object.fromEntries(
      Object.entries(entries).map(([key, value]) => [key.includes(":") ? key : `fidus:${key}`, value]),
    );
    writeFileSync(installation.stackConfigFile(stack), stringify({ config, encryptionsalt: "v1:salt" }));
  }
}
