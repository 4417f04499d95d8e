import { inputAt, listAt } from "../plan/values.ts";
import { isMadeAgain, stateful } from "../rules/data-holders.ts";
import { unknown, violation, type Policy, type Said } from "./policy.ts";

type Inputs = Readonly<Record<string, unknown>>;

/** A slip of the hand must not delete data. */
export const protection: Policy = {
  about: "What holds data is protected against deletion.",
  fix: "protect: true in the options of the resource.",
  check({ type, name, protect }) {
    if (protect || !Object.hasOwn(stateful, type) || isMadeAgain(type, name)) return [];
    return [violation("it holds data and is not protected")];
  },
};

/** Inputs that have to be true, or only to be there, for data to be encrypted at rest. AWS encrypts every new bucket by itself. */
const encrypted: Readonly<Record<string, { readonly path: string; readonly by: "true" | "presence" }>> = {
  "aws:ebs/volume:Volume": { path: "encrypted", by: "true" },
  "aws:rds/cluster:Cluster": { path: "storageEncrypted", by: "true" },
  "aws:rds/instance:Instance": { path: "storageEncrypted", by: "true" },
  "aws:efs/fileSystem:FileSystem": { path: "encrypted", by: "true" },
  "aws:eks/cluster:Cluster": { path: "encryptionConfig", by: "presence" },
  "aws:ecr/repository:Repository": { path: "encryptionConfigurations", by: "presence" },
};

export const encryption: Policy = {
  about: "Data at rest is encrypted.",
  fix: "Switch encryption on; for most types that makes them anew.",
  check({ type, inputs }) {
    if (type === "aws:ec2/launchTemplate:LaunchTemplate") return disks(inputs);
    const rule = encrypted[type];
    return rule === undefined ? [] : isOn(inputs, rule.path, rule.by);
  },
};

function isOn(inputs: unknown, path: string, by: "true" | "presence"): readonly Said[] {
  const found = inputAt(inputs, path);
  if (found.kind === "unknown" || found.kind === "secret") return [unknown(path)];
  const on = found.kind === "known" && (by === "presence" || found.value === true || found.value === "true");
  return on ? [] : [violation(`${path} is not set${by === "true" ? " to true" : ""}`)];
}

function disks(inputs: Inputs): readonly Said[] {
  const found = listAt(inputs, "blockDeviceMappings");
  if (found === null) return [unknown("blockDeviceMappings")];
  return found.flatMap((disk) =>
    disk.kind === "known" ? isOn(disk.value, "ebs.encrypted", "true") : [unknown("a disk of blockDeviceMappings")],
  );
}
