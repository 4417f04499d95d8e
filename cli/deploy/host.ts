import { ensureToolchain } from "../../toolchain/ensure.ts";
import type { CliContext } from "../context.ts";
import type { Engine } from "../docker.ts";
import { ensureEngine } from "../docker-setup.ts";
import type { StackConfigFile } from "../stack-config.ts";

/** A host that can run the stack: an engine that answers, and the toolchain. */
export interface PreparedHost {
  readonly engine: Engine;
}

/** Finds or sets up Docker and the toolchain, and refuses a host that is too small before anything is changed on it. */
export async function prepareHost(ctx: CliContext, config: StackConfigFile): Promise<PreparedHost> {
  const recorded = config.entries()["dockerHost"];
  const env = recorded === undefined ? ctx.env : { ...ctx.env, DOCKER_HOST: recorded };
  const engine = await ctx.progress.step("Docker", async (step) => {
    const found = await ensureEngine({ env, paths: ctx.paths, progress: ctx.progress, notice: ctx.notice, signal: ctx.signal });
    step.update(`${found.version} at ${found.host}`);
    return found;
  });
  await ctx.progress.step("toolchain", async (step) => {
    const report = await ensureToolchain({
      paths: { root: ctx.paths.toolchain },
      env: ctx.env,
      log: ({ part, message }) => step.update(`${part}: ${message}`),
    signal: ctx.signal,
    });
    step.update(report.parts.map(({ part, source }) => `${part} ${source}`).join(", "));
  });
  return { engine };
}
