import { createHmac } from "node:crypto";
import { Command } from "@pulumi/command/local/command.js";
import * as pulumi from "@pulumi/pulumi";
import { scriptText } from "../core/script.ts";
import { DataVolume } from "./data-volume.ts";
import type { Engine } from "./engine.ts";

export interface RoleFilesArgs {
  readonly engine: Engine;
  readonly role: string;
  /** User that owns the files; nobody else can read them. */
  readonly uid: number;
  /** Image with the filler. */
  readonly image: string;
  /** Name to content; any content may be secret. */
  readonly files: Readonly<Record<string, pulumi.Input<string>>>;
  /** Key of the fingerprint, so that a label never lets a short secret be guessed. */
  readonly fingerprintKey: pulumi.Input<string>;
}

/** Files of one role, 0400 on a volume of their own, filled by a one-shot that reads them on stdin. */
export class RoleFiles extends pulumi.ComponentResource {
  readonly volumeName: pulumi.Output<string>;
  /** Keyed fingerprint of all contents: known only once the files are in place, changes when any of them does. */
  readonly fingerprint: pulumi.Output<string>;

  constructor(name: string, args: RoleFilesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:RoleFiles", name, {}, opts);
    const { engine, role, uid, image, files, fingerprintKey } = args;
    const volume = new DataVolume(name, { engine, role: `${role}-files`, remade: true }, { parent: this });
    const lines = pulumi.all(files).apply((contents) => fillLines(uid, contents));
    const fill = new Command(
      `${name}-fill`,
      {
        create: scriptText(import.meta.url, "scripts/fill-files.sh"),
        stdin: pulumi.secret(lines),
        environment: {
          DOCKER_HOST: engine.dockerHost,
          IMAGE: image,
          INSTALLATION: engine.identity.installation,
          VOLUME: volume.volumeName,
        },
        logging: "none",
        addPreviousOutputInEnv: false,
      },
      { parent: this },
    );
    this.volumeName = volume.volumeName;
    const keyed = pulumi.all([lines, fingerprintKey, fill.id]).apply(([text, key]) => fingerprintOf(text, key));
    this.fingerprint = pulumi.unsecret(keyed);
    this.registerOutputs({ volumeName: this.volumeName, fingerprint: this.fingerprint });
  }
}

/** The filler's line protocol: `uid N files M` (a document cut short changes nothing), then one `name base64` per file, sorted by name. */
export function fillLines(uid: number, contents: Readonly<Record<string, string>>): string {
  const entries = Object.entries(contents).sort(([a], [b]) => (a < b ? -1 : 1));
  return [
    `uid ${uid} files ${entries.length}`,
    ...entries.map(([file, content]) => `${file} ${Buffer.from(content).toString("base64")}`),
    "",
  ].join("\n");
}

function fingerprintOf(text: string, key: string): string {
  return createHmac("sha256", key).update(text).digest("hex").slice(0, 16);
}
