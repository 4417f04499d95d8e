import { Provider } from "@pulumi/aws/provider.js";
import * as pulumi from "@pulumi/pulumi";
import { FailoverNames } from "../infra/aws/failover-names.ts";
import { globalPlan } from "../infra/aws/global-plan.ts";
import { Witness } from "../infra/aws/witness.ts";
import { readConfig } from "../infra/config/read.ts";
import manifest from "../package.json" with { type: "json" };
import type { StackOutputs } from "./outputs.ts";

/** What stands above the two regions: the name that leads to the one that writes, and the witness that says which one may. */
export function enterpriseGlobal(): StackOutputs {
  const cfg = readConfig("enterprise-global");
  const { edition, installation, environment } = cfg;
  const identity = { edition, installation, environment, stack: pulumi.getStack(), version: manifest.version };
  const plan = globalPlan(cfg, identity);
  const aws = { provider: new Provider("aws", plan.aws) };
  const names = new FailoverNames("names", { identity, plan: plan.failover }, aws);
  const { region, bucket, key } = new Witness("witness", { identity, plan: plan.witness }, aws);
  return {
    edition,
    version: manifest.version,
    ...plan.urls,
    apiContainer: null,
    witness: { region, bucket, key },
    ...(names.nameServers ? { nameServers: names.nameServers } : {}),
  };
}
