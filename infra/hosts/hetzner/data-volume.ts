import { Volume } from "@pulumi/hcloud/volume.js";
import { VolumeAttachment } from "@pulumi/hcloud/volumeAttachment.js";
import * as pulumi from "@pulumi/pulumi";
import type { Location } from "../../config/keys/hosts.ts";
import { problemUnless, throwIfAny, type Problem } from "../../core/errors.ts";
import { cloudLabels, cloudName, type CloudIdentity } from "../../core/naming.ts";
import { gigabytes, type Size } from "../../core/units.ts";

export interface DataVolumeArgs {
  readonly identity: CloudIdentity;
  /** What it holds; last part of its name. */
  readonly role: string;
  /** Capacity; it can grow later, never shrink. */
  readonly size: Size;
  /** Where the disk lives: the same place as its server. */
  readonly location: Location;
  /** Server that mounts the disk. */
  readonly serverId: pulumi.Input<number>;
}

/** A protected disk that outlives the server it is attached to. */
export class DataVolume extends pulumi.ComponentResource {
  /** Device path on the server, stable across reboots. */
  readonly device: pulumi.Output<string>;

  constructor(name: string, args: DataVolumeArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:hosts:DataVolume", name, {}, opts);
    const { identity, role, size, location, serverId } = args;
    throwIfAny(`DataVolume "${name}"`, sizeProblems(size));
    const labels = cloudLabels(identity, role);
    const disk = new Volume(
      `${name}-disk`,
      { name: cloudName(identity, role), size: gigabytes(size), location, format: "ext4", labels },
      { parent: this, protect: true },
    );
    new VolumeAttachment(
      `${name}-mount`,
      { volumeId: disk.id.apply(Number), serverId },
      { parent: this, deleteBeforeReplace: true }, // a disk has one server
    );
    this.device = disk.linuxDevice;
    this.registerOutputs({ device: this.device });
  }
}

function sizeProblems(size: Size): Problem[] {
  const ok = gigabytes(size) >= 10 && gigabytes(size) <= 10_240;
  return problemUnless(ok, { path: "size", got: size, rule: "10 to 10240 GB", fix: 'Write it as "40 GB".' });
}
