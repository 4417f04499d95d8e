import { Volume } from "@pulumi/docker/volume.js";
import * as pulumi from "@pulumi/pulumi";
import { labelsFor, namePrefix } from "../core/naming.ts";
import type { Engine } from "./engine.ts";
import { asLabels } from "./networks.ts";

export interface DataVolumeArgs {
  readonly engine: Engine;
  /** What it holds; last part of its name. */
  readonly role: string;
  /** Its content can be made again: it leaves with the component that no longer needs it. @default false: protected */
  readonly remade?: boolean;
}

/** A named volume that `down` keeps; unless it can be remade it is protected, so a plain destroy is refused because of it. */
export class DataVolume extends pulumi.ComponentResource {
  readonly volumeName: pulumi.Output<string>;

  constructor(name: string, { engine, role, remade = false }: DataVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:docker:DataVolume", name, {}, opts);
    const volume = new Volume(
      `${name}-volume`,
      { name: `${namePrefix(engine.identity)}-${role}`, driver: "local", labels: asLabels(labelsFor(engine.identity, role)) },
      // A changed label must never replace a volume: its content would go with it.
      { parent: this, provider: engine.provider, protect: !remade, ignoreChanges: ["labels"] },
    );
    this.volumeName = volume.name;
    this.registerOutputs({ volumeName: this.volumeName });
  }
}
