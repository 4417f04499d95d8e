import type { Output } from "@pulumi/pulumi";
import type { ClusterReach } from "../infra/aws/cluster.ts";
import type { WitnessPlace } from "../infra/aws/witness.ts";
import type { Edition } from "../infra/config/spec.ts";
import type { Reach } from "../infra/hosts/host.ts";

/** What every edition returns: read by the CLI and by other stacks. */
export interface StackOutputs {
  readonly edition: Edition;
  readonly version: string;
  /** Where people go; null where the application does not run in the stack (services dependencies), as the next three. */
  readonly url: string | null;
  /** Base of the OpenAI-compatible API, without /v1. */
  readonly apiUrl: string | null;
  readonly healthUrl: string | null;
  /** Command that makes another administrator. */
  readonly adminCommand: string | null;
  /** Container in which administration commands run; null where there is none. */
  readonly apiContainer: Output<string> | null;
  /** Environment of the application run on the host, secret; absent where the stack runs it itself. */
  readonly appEnvironment?: Output<Readonly<Record<string, string>>>;
  /** The machines behind it; absent where there is no SSH. */
  readonly hosts?: readonly Reach[];
  /** Where it is, for a stack of one region. */
  readonly region?: string;
  /** How workloads reach the region's Kubernetes. */
  readonly cluster?: ClusterReach;
  /** The region's places for images, backups and logs. */
  readonly stores?: { readonly images: Output<string>; readonly backups: Output<string>; readonly logs: Output<string> };
  /** Where it is written which region may write. */
  readonly witness?: WitnessPlace;
  /** What the parent domain must name, where the zone was made here. */
  readonly nameServers?: Output<string[]>;
}
