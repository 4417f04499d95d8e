import { Command } from "@pulumi/command/local/command.js";
import * as pulumi from "@pulumi/pulumi";
import { namePrefix } from "../core/naming.ts";
import { scriptText } from "../core/script.ts";
import type { Engine } from "./engine.ts";
import type { RoleFiles } from "./role-files.ts";

export interface SettingsCheckArgs {
  readonly engine: Engine;
  /** The application's image: its own reader judges. */
  readonly image: string;
  /** Plain settings of the api role. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its secret ones. */
  readonly files: RoleFiles;
}

/** Lets the new version read its settings before anything that runs is touched: what it would not start with fails the update. */
export class SettingsCheck extends pulumi.ComponentResource {
  constructor(name: string, { engine, image, environment, files }: SettingsCheckArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:SettingsCheck", name, {}, opts);
    const lines = Object.entries(environment).map(([variable, value]) => `${variable}=${value}`);
    new Command(
      `${name}-read`,
      {
        create: scriptText(import.meta.url, "scripts/check-settings.sh"),
        stdin: lines.sort().join("\n"),
        environment: {
          DOCKER_HOST: engine.dockerHost,
          IMAGE: image,
          INSTALLATION: engine.identity.installation,
          NAME: `${namePrefix(engine.identity)}-settings`,
          VOLUME: files.volumeName,
          // New files are read anew.
          FILES: files.fingerprint,
        },
        logging: "stderr",
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    this.registerOutputs({});
  }
}
