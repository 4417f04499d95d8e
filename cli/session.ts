import type { Docker } from "../infra/images/docker-cli.ts";
import { nearest } from "../infra/config/values.ts";
import type { CliContext } from "./context.ts";
import { dockerAt } from "./containers.ts";
import { pulumiEngine, type PulumiEngine } from "./engine.ts";
import { wrongInput } from "./errors.ts";
import type { Installation } from "./installation.ts";
import { openStackConfig, type StackConfigFile } from "./stack-config.ts";
import { checkStackName, configuredStacks, defaultStack } from "./stacks.ts";

/** A stack that exists: what every command but the first `up` works on. */
export interface Session {
  readonly stack: string;
  readonly installation: Installation;
  readonly config: StackConfigFile;
  readonly docker: Docker;
  readonly dockerHost: string;
  readonly engine: PulumiEngine;
}

/** The stack and its installation. Throws exit 2 when this installation has none of that name. */
export async function requireStack(
  ctx: CliContext,
  name: string,
): Promise<{ readonly stack: string; readonly installation: Installation }> {
  const stack = checkStackName(name);
  const installation = await ctx.existingInstallation();
  const stacks = installation === null ? [] : await configuredStacks(installation);
  if (installation === null || !stacks.includes(stack)) {
    const rule = stacks.length === 0 ? "a stack; this checkout has none yet" : `one of ${stacks.join(", ")}`;
    // Never the `up` of a stack that was not named: it may be one that buys.
    const near = stack === defaultStack ? stack : (nearest(stack, stacks) ?? stacks[0] ?? defaultStack);
    const fix = near === defaultStack ? `./fidus up ${defaultStack}` : `Name one of them, such as ${near}.`;
    throw wrongInput("there is no such stack", [{ path: "stack", got: stack, rule, fix }]);
  }
  return { stack, installation };
}

/** Opens an existing stack of edition community. Throws as `requireStack`, and exit 1 for another edition. */
export async function openSession(ctx: CliContext, name: string): Promise<Session> {
  const { stack, installation } = await requireStack(ctx, name);
  const config = await openStackConfig(ctx.paths, installation, stack, "community");
  const dockerHost = config.entries()["dockerHost"] ?? "unix:///var/run/docker.sock";
  return {
    stack,
    installation,
    config,
    dockerHost,
    docker: dockerAt(dockerHost, ctx.env),
    engine: pulumiEngine(ctx, installation, stack),
  };
}
