import * as pulumi from "@pulumi/pulumi";
import type { StackOutputs } from "./outputs.ts";

/** The program: picks the edition from the stack's configuration and returns its outputs. */
export default async function main(): Promise<StackOutputs> {
  const edition = new pulumi.Config().require("edition");
  switch (edition) {
    case "community": {
      const { community } = await import("./community.ts");
      return community();
    }
    default:
      throw new pulumi.RunError(`edition: got ${JSON.stringify(edition)}; needs community. pulumi config set edition community`);
  }
}
