import { LifecyclePolicy } from "@pulumi/aws/ecr/lifecyclePolicy.js";
import { Repository } from "@pulumi/aws/ecr/repository.js";
import * as pulumi from "@pulumi/pulumi";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import { awsTags } from "./tags.ts";

export interface RegistryArgs {
  readonly identity: CloudIdentity;
  readonly keyArn: pulumi.Input<string>;
}

/** Days after which an image without a tag goes: nothing that runs refers to it by then. */
const untaggedDays = 14;

/** Where the region's images are: a tag, once pushed, never means another image. */
export class Registry extends pulumi.ComponentResource {
  /** Address to push to and pull from, without a tag. */
  readonly url: pulumi.Output<string>;

  constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:Registry", name, {}, opts);
    const { identity, keyArn } = args;
    const repository = new Repository(
      `${name}-repository`,
      {
        name: cloudName(identity, "images"),
        imageTagMutability: "IMMUTABLE",
        imageScanningConfiguration: { scanOnPush: true },
        encryptionConfigurations: [{ encryptionType: "KMS", kmsKey: keyArn }],
        tags: awsTags(identity, "images"),
      },
      { parent: this, protect: true },
    );
    const policy = JSON.stringify({ rules: [untaggedGo] });
    new LifecyclePolicy(`${name}-clean-up`, { repository: repository.name, policy }, { parent: this });
    this.url = repository.repositoryUrl;
    this.registerOutputs({ url: this.url });
  }
}

const untaggedGo = {
  rulePriority: 1,
  description: "Images without a tag",
  selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: untaggedDays },
  action: { type: "expire" },
};
