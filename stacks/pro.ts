import { Provider as Hetzner } from "@pulumi/hcloud/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { readConfig } from "../infra/config/read.ts";
import { namePlan, publicName } from "../infra/dns/public-name.ts";
import { HetznerCluster } from "../infra/hosts/hetzner/hetzner-cluster.ts";
import { reachOf } from "../infra/hosts/host.ts";
import { proPlan } from "../infra/hosts/pro-plan.ts";
import manifest from "../package.json" with { type: "json" };
import type { StackOutputs } from "./outputs.ts";

/** Several servers at Hetzner behind a load balancer, any one of which may be lost. */
export function pro(): StackOutputs {
  const cfg = readConfig("pro");
  const plan = proPlan(cfg);
  const names = namePlan(cfg);
  const { edition, installation, environment } = cfg;
  const identity = { edition, installation, environment, stack: pulumi.getStack(), version: manifest.version };
  const hetzner = { provider: new Hetzner("hetzner", plan.hetzner) };
  const cluster = new HetznerCluster("cluster", { ...plan.cluster, identity }, hetzner);
  publicName("name", names, { identity, targets: cluster.publicAddresses, hetzner });
  const hosts = cluster.members.map(({ host }) => reachOf(host));
  return { edition, version: manifest.version, ...plan.urls, apiContainer: null, hosts };
}
