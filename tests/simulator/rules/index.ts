import type { PackageName } from "../schema/wanted.ts";
import { awsRules } from "./aws.ts";
import { cloudflareRules } from "./cloudflare.ts";
import { hcloudRules } from "./hcloud.ts";
import type { CloudRules } from "./types.ts";

/** What each simulated cloud demands, by package. */
export const cloudRules: Readonly<Record<PackageName, CloudRules>> = {
  hcloud: hcloudRules,
  cloudflare: cloudflareRules,
  aws: awsRules,
};
