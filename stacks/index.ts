import * as pulumi from "@pulumi/pulumi";
import type { Edition } from "../infra/config/spec.ts";
import { nearest } from "../infra/config/values.ts";
import type { StackOutputs } from "./outputs.ts";

/** The editions that can be deployed, each loaded only when it is the stack's. */
const programs: Partial<Record<Edition, () => Promise<StackOutputs>>> = {
  community: async () => (await import("./community.ts")).community(),
  starter: async () => (await import("./starter.ts")).starter(),
  pro: async () => (await import("./pro.ts")).pro(),
  "enterprise-global": async () => (await import("./enterprise-global.ts")).enterpriseGlobal(),
  "enterprise-region": async () => (await import("./enterprise-region.ts")).enterpriseRegion(),
};

/** The program: picks the edition from the stack's configuration and returns its outputs. */
export default async function main(): Promise<StackOutputs> {
  const edition = new pulumi.Config().require("edition");
  const program = Object.hasOwn(programs, edition) ? programs[edition as Edition] : undefined;
  if (program !== undefined) return program();
  throw new pulumi.RunError(
    `edition: got ${JSON.stringify(edition)}; needs one that can be deployed: ${Object.keys(programs).join(", ")}. pulumi config set edition ${nearest(edition, Object.keys(programs)) ?? "EDITION"}`,
  );
}
