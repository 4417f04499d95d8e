import type { Output } from "@pulumi/pulumi";
import type { Edition } from "../infra/config/spec.ts";
import type { Reach } from "../infra/hosts/host.ts";

/** What every edition returns: read by the CLI and by other stacks. */
export interface StackOutputs {
  readonly edition: Edition;
  readonly version: string;
  /** Where people go. */
  readonly url: string;
  /** Base of the OpenAI-compatible API, without /v1. */
  readonly apiUrl: string;
  readonly healthUrl: string;
  /** Command that makes another administrator. */
  readonly adminCommand: string;
  /** Container in which administration commands run; null where there is none. */
  readonly apiContainer: Output<string> | null;
  /** The machines behind it; absent where there is no SSH. */
  readonly hosts?: readonly Reach[];
}
