/**
 * The command provider: the types of @pulumi/command with the same inputs, outputs, ids and replace rules.
 * Sources: the SDK's type definitions and its doc comments; facts/hosts.md section 7.
 */
import sdk from "@pulumi/command/package.json" with { type: "json" };
import { copyToRemote } from "./command-copy.ts";
import { localCommand, localRun, stopLocalCommands } from "./command-local.ts";
import { remoteCommand } from "./command-remote.ts";
import { isMain } from "./grpc-server.ts";
import type { Resource } from "./resource.ts";
import { serveProvider, type ProviderSpec } from "./serve.ts";

/** The resource types by token. */
export const commandResources: Readonly<Record<string, Resource>> = {
  "command:local:Command": localCommand,
  "command:remote:Command": remoteCommand,
  "command:remote:CopyToRemote": copyToRemote,
};

/** The functions by token. */
export const commandFunctions: NonNullable<ProviderSpec["functions"]> = { "command:local:run": localRun };

if (isMain(import.meta.filename)) {
  await serveProvider({
    name: "command",
    version: sdk.version,
    resources: commandResources,
    functions: commandFunctions,
    cancel: stopLocalCommands,
  });
}
