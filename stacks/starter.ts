import { Provider as Hetzner } from "@pulumi/hcloud/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { readConfig } from "../infra/config/read.ts";
import { namePlan, publicName } from "../infra/dns/public-name.ts";
import { OwnHost } from "../infra/hosts/byo/own-host.ts";
import { BackupBox } from "../infra/hosts/hetzner/backup-box.ts";
import { HetznerHost } from "../infra/hosts/hetzner/hetzner-host.ts";
import { reachOf } from "../infra/hosts/host.ts";
import { starterPlan } from "../infra/hosts/starter-plan.ts";
import manifest from "../package.json" with { type: "json" };
import type { StackOutputs } from "./outputs.ts";

/** One server: bought at Hetzner with all that belongs to it, or the operator's own. */
export function starter(): StackOutputs {
  const cfg = readConfig("starter");
  const plan = starterPlan(cfg);
  const names = namePlan(cfg);
  const { edition, installation, environment } = cfg;
  const identity = { edition, installation, environment, stack: pulumi.getStack(), version: manifest.version };
  const hetzner = plan.hetzner ? { provider: new Hetzner("hetzner", plan.hetzner) } : {};
  const host =
    plan.host.kind === "hetzner"
      ? new HetznerHost("host", { ...plan.host.args, identity }, hetzner)
      : new OwnHost("host", plan.host.args);
  if (plan.backupBox) new BackupBox("backup", { ...plan.backupBox, identity }, hetzner);
  publicName("name", names, { identity, targets: host.publicAddresses, hetzner });
  return { edition, version: manifest.version, ...plan.urls, apiContainer: null, hosts: [reachOf(host)] };
}
