import { Command } from "@pulumi/command/local/command.js";
import * as pulumi from "@pulumi/pulumi";
import { namePrefix } from "../core/naming.ts";
import { scriptText } from "../core/script.ts";
import type { Engine } from "./engine.ts";
import type { RoleFiles } from "./role-files.ts";

export interface MigrationsArgs {
  readonly engine: Engine;
  /** The application's image: its migrations are those of its version. */
  readonly image: string;
  readonly network: pulumi.Input<string>;
  /** Files of the application, with the database's URL. */
  readonly files: RoleFiles;
}

/**
 * The gate every dependent waits behind. The Docker provider records a one-shot container that failed as done,
 * so the gate is a command: its failure fails the update, and the next one runs it again.
 */
export class Migrations extends pulumi.ComponentResource {
  /** Known once the migrations of this image have run to their end. */
  readonly passed: pulumi.Output<string>;

  constructor(name: string, { engine, image, network, files }: MigrationsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:Migrations", name, {}, opts);
    const gate = new Command(
      `${name}-gate`,
      {
        create: scriptText(import.meta.url, "scripts/migrate.sh"),
        environment: {
          DOCKER_HOST: engine.dockerHost,
          IMAGE: image,
          INSTALLATION: engine.identity.installation,
          NAME: `${namePrefix(engine.identity)}-migrations`,
          NETWORK: network,
          VOLUME: files.volumeName,
        },
        logging: "stderr",
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    this.passed = gate.id;
    this.registerOutputs({ passed: this.passed });
  }
}
