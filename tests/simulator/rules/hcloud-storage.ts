import type { WireMap } from "../../../toolchain/providers/values.ts";
import { attachmentProblems } from "./hcloud-places.ts";
import { locationNames, storageBoxTypes } from "./hetzner-catalogue.ts";
import type { TypeRules } from "./types.ts";
import * as rule from "./values.ts";

const volume = "hcloud:index/volume:Volume";
const storageBox = "hcloud:index/storageBox:StorageBox";
const own = { name: rule.hostName, labels: rule.labels };
const decimal = (number: number): string => String(1_000_000 + number);
/** Source: Hetzner's password rules for storage boxes. */
const boxPassword = rule.matching(
  /^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)(?=.*[^a-zA-Z0-9]).{12,128}$/,
  "12 characters or more with lower and upper case letters, digits and a sign",
);
const accessSettings = {
  "accessSettings.sshEnabled": rule.anything,
  "accessSettings.reachableExternally": rule.anything,
  "accessSettings.sambaEnabled": rule.anything,
  "accessSettings.webdavEnabled": rule.anything,
};

/** Disks and backup boxes. Source: docs.hetzner.cloud and the provider's schema. */
export const hcloudStorageTypes: Readonly<Record<string, TypeRules>> = {
  [volume]: {
    inputs: {
      ...own,
      size: rule.wholeNumber(10, 10_240),
      location: rule.oneOf(...locationNames),
      format: rule.oneOf("ext4", "xfs"),
      deleteProtection: rule.anything,
    },
    required: ["name", "labels", "location"],
    refusesUpdate: (before: WireMap, after: WireMap) =>
      Number(after["size"]) < Number(before["size"]) ? ["size: a volume only grows (invalid_input)"] : [],
    unique: [["name"]],
    id: decimal,
    outputs: {
      automount: () => false,
      deleteProtection: () => false,
      linuxDevice: ({ id }) => `/dev/disk/by-id/scsi-0HC_Volume_${id}`,
      serverId: () => 0,
    },
  },
  "hcloud:index/volumeAttachment:VolumeAttachment": {
    inputs: {
      volumeId: rule.numericIdOf(volume),
      serverId: rule.numericIdOf("hcloud:index/server:Server"),
      automount: rule.anything,
    },
    refusesCreate: attachmentProblems,
    unique: [["volumeId"]],
    id: (_number, inputs) => String(inputs["volumeId"]),
    outputs: { automount: () => false },
  },
  [storageBox]: {
    inputs: {
      ...own,
      ...accessSettings,
      storageBoxType: rule.oneOf(...storageBoxTypes),
      location: rule.oneOf("fsn1", "hel1"),
      password: boxPassword,
      "sshKeys[]": rule.publicKey,
      deleteProtection: rule.anything,
      "snapshotPlan.maxSnapshots": rule.wholeNumber(1, 50),
      "snapshotPlan.hour": rule.wholeNumber(0, 23),
      "snapshotPlan.minute": rule.wholeNumber(0, 59),
    },
    required: ["name", "labels"],
    unique: [["name"]],
    id: decimal,
    outputs: {
      accessSettings: () => ({}),
      deleteProtection: () => false,
      server: ({ number }) => `u${100_000 + number}.your-storagebox.de`,
      system: () => "FSN1-BX1",
      username: ({ number }) => `u${100_000 + number}`,
    },
  },
  "hcloud:index/storageBoxSubaccount:StorageBoxSubaccount": {
    inputs: {
      ...own,
      ...accessSettings,
      "accessSettings.readonly": rule.anything,
      storageBoxId: rule.numericIdOf(storageBox),
      homeDirectory: rule.matching(/^[\w.-]+(\/[\w.-]+)*$/, "a relative folder"),
      password: boxPassword,
      description: rule.anything,
    },
    required: ["labels"],
    id: decimal,
    outputs: {
      accessSettings: () => ({}),
      name: ({ number }) => `sub${number}`,
      server: ({ number }) => `u${100_000 + number}-sub1.your-storagebox.de`,
      username: ({ number }) => `u${100_000 + number}-sub1`,
    },
  },
};
