import { Command } from "@pulumi/command/local/command.js";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../../core/script.ts";
import type { ServerTypeName } from "../../core/server-types.ts";
import type { KeyName } from "../../config/keys.ts";
import type { Location } from "../../config/keys/hosts.ts";

export interface ServerTypeChoiceArgs {
  /** Name of the server that is about to be made. */
  readonly server: string;
  /** Types in order of preference. */
  readonly types: readonly [ServerTypeName, ...ServerTypeName[]];
  /** Configuration key that can hold another list, for messages. */
  readonly typesKey: KeyName;
  readonly location: Location;
  readonly image: string;
  readonly sshKeyId: pulumi.Input<string>;
  /** Hetzner Cloud API token. */
  readonly token: pulumi.Input<string>;
}

/**
 * The server's type: the first of the list that Hetzner delivered, asked once and kept in the state for ever, whatever stock,
 * prices and the list do later (docs/decisions/0015). A list of one is no question.
 */
export class ServerTypeChoice extends pulumi.ComponentResource {
  readonly serverType: pulumi.Output<string>;

  constructor(name: string, args: ServerTypeChoiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:ServerTypeChoice", name, {}, opts);
    const { server, types, typesKey, location, image, sshKeyId, token } = args;
    const question = { server, types, typesKey, location, image, sshKey: sshKeyId };
    const asked = new Command(
      `${name}-asked`,
      {
        create: scriptText(import.meta.url, "first-type-in-stock.ts"),
        interpreter: ["node", "--input-type=module-typescript", "--eval"],
        stdin: token,
        // Not secret: the cost of a server that does not exist yet lies between the prices of these types.
        environment: { FIDUS_QUESTION: pulumi.jsonStringify(question) },
      },
      {
        parent: this,
        ignoreChanges: ["create", "interpreter", "stdin", "environment"],
        customTimeouts: { create: "10m" },
      },
    );
    this.serverType = asked.stdout;
    this.registerOutputs({ serverType: this.serverType });
  }
}
