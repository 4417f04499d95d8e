import type { CliContext } from "../context.ts";
import { findEngine, type Engine } from "../docker.ts";
import { ensureEngine } from "../docker-setup.ts";
import { cannotGoOn } from "../errors.ts";
import { prepareToolchain } from "../host-check.ts";
import type { Installation } from "../installation.ts";
import { requirePassphrase } from "../passphrase.ts";
import type { StackConfigFile } from "../stack-config.ts";

/** Finds or sets up the Docker engine: the recorded one, once there is a record. `beforeInstall` may refuse this host first. */
export async function prepareEngine(
  ctx: CliContext,
  config: StackConfigFile,
  beforeInstall: () => Promise<void> = () => Promise.resolve(),
): Promise<Engine> {
  const { env, paths, progress, notice, signal } = ctx;
  const recorded = config.entries()["dockerHost"];
  return progress.step("Docker", async (step) => {
    const found = await ensureEngine({ env, recorded, paths, progress, notice, signal, beforeInstall });
    step.update(`${found.version} at ${found.host}`);
    return found;
  });
}

/** Passphrase, engine and toolchain: what every command needs that runs Pulumi on an existing stack. */
export async function prepareHost(ctx: CliContext, installation: Installation, config: StackConfigFile): Promise<Engine> {
  await requirePassphrase(installation, config);
  const engine = await prepareEngine(ctx, config);
  await ctx.progress.step("toolchain", (step) => prepareToolchain(ctx, step));
  return engine;
}

/** The engine that answers, for commands that set none up. Throws exit 1 when there is none. */
export async function requireEngine({ env, signal }: CliContext): Promise<Engine> {
  const search = await findEngine({ env, signal });
  if (search.kind === "found") return search.engine;
  if (search.kind === "refused") throw search.error;
  throw cannotGoOn(
    "No Docker engine answers",
    [{ path: "docker", got: search.tried.join("; ") || "nothing", rule: "an engine that answers", fix: "./fidus doctor" }],
    "no-engine",
  );
}
