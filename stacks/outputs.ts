import type { Output } from "@pulumi/pulumi";
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
}
