import { Schedule } from "@pulumi/aws/autoscaling/schedule.js";
import { Tag } from "@pulumi/aws/autoscaling/tag.js";
import { LaunchTemplate } from "@pulumi/aws/ec2/launchTemplate.js";
import { NodeGroup as EksNodeGroup } from "@pulumi/aws/eks/nodeGroup.js";
import * as pulumi from "@pulumi/pulumi";
import { cloudName, type CloudIdentity } from "../core/naming.ts";
import type { KubernetesVersion } from "./add-on-versions.ts";
import type { NodePlan, SleepPlan } from "./node-plan.ts";
import { awsTags, lastingTags } from "./tags.ts";

export interface NodeGroupArgs {
  readonly identity: CloudIdentity;
  /** What it is for; last part of its name. */
  readonly role: string;
  readonly plan: NodePlan;
  readonly kubernetesVersion: KubernetesVersion;
  readonly clusterName: pulumi.Input<string>;
  readonly nodeRoleArn: pulumi.Input<string>;
  readonly subnetIds: readonly pulumi.Input<string>[];
  /** What must be there before its nodes can join. */
  readonly after: readonly pulumi.Resource[];
}

/** A group of nodes over the zones. A change that replaces it makes the new group first. */
export class NodeGroup extends pulumi.ComponentResource {
  /** Name of the Auto Scaling group behind it. */
  readonly autoscalingGroup: pulumi.Output<string>;

  constructor(name: string, args: NodeGroupArgs, opts?: pulumi.ComponentResourceOptions) {
    super("fidus:aws:NodeGroup", name, {}, opts);
    const { identity, role, plan, kubernetesVersion, clusterName, nodeRoleArn, subnetIds, after } = args;
    const template = new LaunchTemplate(`${name}-template`, launchTemplate(identity, role, plan), { parent: this });
    const group = new EksNodeGroup(
      `${name}-group`,
      {
        clusterName,
        nodeGroupNamePrefix: `${role}-`,
        nodeRoleArn,
        subnetIds: [...subnetIds],
        version: kubernetesVersion,
        amiType: plan.amiType,
        capacityType: "ON_DEMAND",
        instanceTypes: [...plan.instanceTypes],
        launchTemplate: { id: template.id, version: template.latestVersion.apply(String) },
        scalingConfig: { minSize: plan.least, desiredSize: plan.least, maxSize: plan.most },
        updateConfig: { maxUnavailable: 1 },
        nodeRepairConfig: { enabled: true },
        labels: plan.labels,
        ...(plan.taint ? { taints: [plan.taint] } : {}),
        tags: awsTags(identity, role),
      },
      { parent: this, dependsOn: [...after] },
    );
    this.autoscalingGroup = group.resources.apply(([made]) => made?.autoscalingGroups[0]?.name ?? "");
    for (const [key, value] of hintsFromZero(plan)) this.#hint(`${name}-hint-${key.split("/").at(-1)}`, key, value);
    if (plan.sleep) this.#sleep(name, (when) => cloudName(identity, `${role}-${when}`), plan, plan.sleep);
    this.registerOutputs({ autoscalingGroup: this.autoscalingGroup });
  }

  #hint(name: string, key: string, value: string): void {
    const autoscalingGroupName = this.autoscalingGroup;
    new Tag(name, { autoscalingGroupName, tag: { key, value, propagateAtLaunch: false } }, { parent: this });
  }

  #sleep(name: string, title: (when: string) => string, { least, most }: NodePlan, sleep: SleepPlan): void {
    const shared = { autoscalingGroupName: this.autoscalingGroup, timeZone: sleep.timeZone };
    const night = { recurrence: sleep.goes, minSize: 0, maxSize: 0, desiredCapacity: 0 };
    const day = { recurrence: sleep.comes, minSize: least, maxSize: most, desiredCapacity: least };
    for (const [when, sizes] of Object.entries({ night, day }))
      new Schedule(
        `${name}-${when}`,
        { ...shared, ...sizes, scheduledActionName: title(when) },
        { parent: this, deleteBeforeReplace: true }, // a group has one action of a name
      );
  }
}

/** Machines that ask for a token at the metadata service, which pods cannot reach, and whose disks are encrypted. */
function launchTemplate(identity: CloudIdentity, role: string, plan: NodePlan) {
  const { capacityReservation, diskGigabytes } = plan;
  const ebs = { volumeType: "gp3", volumeSize: diskGigabytes, encrypted: "true", deleteOnTermination: "true" };
  const tags = lastingTags(identity, role);
  return {
    name: cloudName(identity, role),
    metadataOptions: { httpEndpoint: "enabled", httpTokens: "required", httpPutResponseHopLimit: 1 },
    blockDeviceMappings: [{ deviceName: "/dev/xvda", ebs }],
    tagSpecifications: ["instance", "volume"].map((resourceType) => ({ resourceType, tags })),
    tags: awsTags(identity, role),
    ...(capacityReservation === null
      ? {}
      : { capacityReservationSpecification: { capacityReservationTarget: { capacityReservationId: capacityReservation } } }),
  };
}

/** What an autoscaler must know of nodes that do not exist: tags of the Auto Scaling group, which EKS does not pass on. */
function hintsFromZero({ taint, labels, least }: NodePlan): [key: string, value: string][] {
  if (least > 0 || !taint) return [];
  const prefix = "k8s.io/cluster-autoscaler/node-template";
  return [
    [`${prefix}/label/fidus.dev/nodes`, labels["fidus.dev/nodes"] ?? ""],
    [`${prefix}/taint/${taint.key}`, `${taint.value}:NoSchedule`],
  ];
}
