import type { Location } from "../../config/keys/hosts.ts";

interface Place {
  /** Network zone that subnets and load balancers of the location belong to. */
  readonly networkZone: string;
  /** Location of the backup box: another one, so that one fire does not take both. */
  readonly backupLocation: "fsn1" | "hel1";
}

/** What belongs to each of Hetzner's locations. Source: docs.hetzner.cloud, locations; Storage Boxes exist in fsn1 and hel1. */
export const places = {
  nbg1: { networkZone: "eu-central", backupLocation: "hel1" },
  fsn1: { networkZone: "eu-central", backupLocation: "hel1" },
  hel1: { networkZone: "eu-central", backupLocation: "fsn1" },
  ash: { networkZone: "us-east", backupLocation: "fsn1" },
  hil: { networkZone: "us-west", backupLocation: "fsn1" },
  sin: { networkZone: "ap-southeast", backupLocation: "fsn1" },
} as const satisfies Record<Location, Place>;
