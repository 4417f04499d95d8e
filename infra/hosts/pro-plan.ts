import type { Input } from "@pulumi/pulumi";
import { ownRuntime } from "../config/own-runtime.ts";
import { publicUrls, type PublicUrls } from "../config/public-urls.ts";
import type { StackConfig } from "../config/read.ts";
import type { HetznerClusterArgs } from "./hetzner/hetzner-cluster.ts";
import { hostsOf } from "./pro-topology.ts";

/** What the pro program builds, decided from its configuration alone. */
export interface ProPlan {
  /** Settings of Hetzner's provider. */
  readonly hetzner: { readonly token: Input<string> };
  readonly cluster: Omit<HetznerClusterArgs, "identity">;
  readonly urls: PublicUrls;
}

/** Turns the keys into what is built: the table of topologies says who runs where. */
export function proPlan(cfg: StackConfig<"pro">): ProPlan {
  const { hcloudToken: token, location, networkRange, adminRanges, loadBalancerType, serverBackups, domain } = cfg;
  const hosts = hostsOf({ ...cfg, ownModel: ownRuntime(cfg.llmRuntime, cfg.llmBaseUrl).model });
  return {
    hetzner: { token },
    cluster: { hosts, location, token, networkRange, adminRanges, balancerType: loadBalancerType, backups: serverBackups },
    urls: publicUrls(domain),
  };
}
