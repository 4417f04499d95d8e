import { Addon } from "@pulumi/aws/eks/addon.js";
import * as pulumi from "@pulumi/pulumi";
import type { CloudIdentity } from "../core/naming.ts";
import { addOnVersions, type AddOnName, type KubernetesVersion } from "./add-on-versions.ts";
import { podTrust } from "./policy.ts";
import { ServiceRole } from "./role.ts";
import { awsTags } from "./tags.ts";

export interface AddOnsArgs {
  readonly identity: CloudIdentity;
  readonly names: readonly AddOnName[];
  readonly kubernetesVersion: KubernetesVersion;
  readonly clusterName: pulumi.Input<string>;
  /** What must be there before: nodes, for what runs on nodes. @default nothing */
  readonly after?: readonly pulumi.Resource[];
}

/** What an add-on needs beside its version. */
interface Needs {
  /** Service account and AWS's own policy for what it does in the account. */
  readonly permission?: { readonly serviceAccount: string; readonly policy: string };
  readonly settings?: Readonly<Record<string, unknown>>;
}

const needs: Readonly<Partial<Record<AddOnName, Needs>>> = {
  "vpc-cni": {
    permission: { serviceAccount: "aws-node", policy: "AmazonEKS_CNI_Policy" },
    // Without the first, network policies are accepted and do nothing; the second lets a node have more than 58 pods.
    settings: { enableNetworkPolicy: "true", env: { ENABLE_PREFIX_DELEGATION: "true", WARM_PREFIX_TARGET: "1" } },
  },
  "aws-ebs-csi-driver": {
    permission: { serviceAccount: "ebs-csi-controller-sa", policy: "service-role/AmazonEBSCSIDriverPolicy" },
  },
};

/** Add-ons of the cluster at pinned versions, each with no more permission than it needs (Pod Identity). */
export class AddOns extends pulumi.ComponentResource {
  constructor(name: string, args: AddOnsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:AddOns", name, {}, opts);
    const { identity, names, kubernetesVersion, clusterName, after = [] } = args;
    for (const addonName of names) {
      const { permission, settings } = needs[addonName] ?? {};
      const roleArgs = permission && { identity, role: addonName, trust: podTrust, managedPolicies: [permission.policy] };
      const role = roleArgs && new ServiceRole(`${name}-${addonName}-role`, roleArgs, { parent: this });
      new Addon(
        `${name}-${addonName}`,
        {
          clusterName,
          addonName,
          addonVersion: addOnVersions[kubernetesVersion][addonName],
          resolveConflictsOnCreate: "OVERWRITE",
          resolveConflictsOnUpdate: "OVERWRITE",
          tags: awsTags(identity, addonName),
          ...(settings ? { configurationValues: JSON.stringify(settings) } : {}),
          ...(role && permission
            ? { podIdentityAssociations: [{ roleArn: role.arn, serviceAccount: permission.serviceAccount }] }
            : {}),
        },
        { parent: this, dependsOn: [...after, ...(role ? [role] : [])] },
      );
    }
    this.registerOutputs({});
  }
}
