import { cloudLabels, cloudName, labelsFor, type CloudIdentity } from "../core/naming.ts";

type Tags = Readonly<Record<string, string>>;

/** Tags of a resource that plays `role`: the labels every cloud resource has, and the name that the console shows. */
export function awsTags(identity: CloudIdentity, role: string): Tags {
  return { Name: cloudName(identity, role), ...cloudLabels(identity, role) };
}

/** The same without the release, for what a changed tag would start anew: nodes and their disks. */
export function lastingTags(identity: CloudIdentity, role: string): Tags {
  const { environment } = identity;
  return { Name: cloudName(identity, role), ...labelsFor(identity, role), "fidus.environment": environment };
}
