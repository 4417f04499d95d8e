import { Role } from "@pulumi/aws/iam/role.js";
import { RolePolicy } from "@pulumi/aws/iam/rolePolicy.js";
import { RolePolicyAttachment } from "@pulumi/aws/iam/rolePolicyAttachment.js";
import * as pulumi from "@pulumi/pulumi";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { trustText } from "./policy.ts";
import { awsTags } from "./tags.ts";

export interface ServiceRoleArgs {
  readonly identity: CloudIdentity;
  /** What it is for; last part of its name. */
  readonly role: string;
  /** Who may take it, as a policy document. */
  readonly trust: string;
  /** Names of AWS's own policies. @default none */
  readonly managedPolicies?: readonly string[];
  /** A policy document of its own. @default none */
  readonly policy?: pulumi.Input<string>;
}

/** An IAM role with what it may do. Wait for all of it: a role without its policies is no use to anybody. */
export class ServiceRole extends pulumi.ComponentResource {
  readonly arn: pulumi.Output<string>;

  constructor(name: string, args: ServiceRoleArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:ServiceRole", name, {}, opts);
    const { identity, role, trust, managedPolicies = [], policy } = args;
    const roleName = cloudName(identity, role);
    const made = new Role(
      `${name}-role`,
      { name: roleName, assumeRolePolicy: trust, tags: awsTags(identity, role) },
      { parent: this },
    );
    for (const managed of managedPolicies)
      new RolePolicyAttachment(
        `${name}-${managed.split("/").at(-1)}`,
        { role: made.name, policyArn: `arn:aws:iam::aws:policy/${managed}` },
        { parent: this },
      );
    if (policy !== undefined) new RolePolicy(`${name}-policy`, { name: roleName, role: made.name, policy }, { parent: this });
    this.arn = made.arn;
    this.registerOutputs({ arn: this.arn });
  }
}

/** What nodes may do: join their cluster and pull images. What pods may do is theirs (Pod Identity). */
export class NodeRole extends ServiceRole {
  constructor(name: string, { identity }: Pick<ServiceRoleArgs, "identity">, opts?: pulumi.ComponentResourceOptions) {
    const managedPolicies = ["AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly"];
    super(name, { identity, role: "nodes", trust: trustText("ec2.amazonaws.com"), managedPolicies }, opts);
  }
}
