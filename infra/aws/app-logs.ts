import { LogGroup } from "@pulumi/aws/cloudwatch/logGroup.js";
import * as pulumi from "@pulumi/pulumi";
import type { CloudIdentity } from "../core/naming.ts";
import { awsTags } from "./tags.ts";

export interface AppLogsArgs {
  readonly identity: CloudIdentity;
  readonly retentionDays: number;
  readonly keyArn: pulumi.Input<string>;
}

/** Where the application's logs go, encrypted and with an end. */
export class AppLogs extends pulumi.ComponentResource {
  readonly groupName: pulumi.Output<string>;

  constructor(name: string, args: AppLogsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:AppLogs", name, {}, opts);
    const { identity, retentionDays: retentionInDays, keyArn: kmsKeyId } = args;
    const { installation, stack } = identity;
    const group = { name: `/fidus/${installation}/${stack}`, retentionInDays, kmsKeyId, tags: awsTags(identity, "logs") };
    this.groupName = new LogGroup(`${name}-group`, group, { parent: this, protect: true }).name;
    this.registerOutputs({ groupName: this.groupName });
  }
}
