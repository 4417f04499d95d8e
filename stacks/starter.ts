import { Provider as Cloudflare } from "@pulumi/cloudflare/provider.js";
import { Provider as Hetzner } from "@pulumi/hcloud/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { readConfig } from "../infra/config/read.ts";
import { cloudLabels, namePrefix } from "../infra/core/naming.ts";
import { CloudflareName } from "../infra/dns/cloudflare.ts";
import { HetznerName } from "../infra/dns/hetzner.ts";
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
  const { edition, installation, environment } = cfg;
  const identity = { edition, installation, environment, stack: pulumi.getStack(), version: manifest.version };
  const hetzner = plan.hetzner ? { provider: new Hetzner("hetzner", plan.hetzner) } : {};
  const host =
    plan.host.kind === "hetzner"
      ? new HetznerHost("host", { ...plan.host.args, identity }, hetzner)
      : new OwnHost("host", plan.host.args);
  if (plan.backupBox) new BackupBox("backup", { ...plan.backupBox, identity }, hetzner);
  const targets = host.publicAddresses;
  if (plan.cloudflare) {
    const { token: apiToken, zoneId, proxied } = plan.cloudflare;
    const provider = new Cloudflare("cloudflare", { apiToken });
    new CloudflareName("name", { ...plan.name, targets, zoneId, proxied, comment: namePrefix(identity) }, { provider });
  }
  if (plan.hetznerZone) {
    const labels = cloudLabels(identity, "name");
    new HetznerName("name", { ...plan.name, targets, zone: plan.hetznerZone, labels }, hetzner);
  }
  return { edition, version: manifest.version, ...plan.urls, apiContainer: null, hosts: [reachOf(host)] };
}
