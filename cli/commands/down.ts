import { rm } from "node:fs/promises";
import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { resourceProgress } from "../deploy/engine-run.ts";
import { prepareHost } from "../deploy/host.ts";
import { noSuchStack } from "../engine.ts";
import { CliError } from "../errors.ts";
import { removeLeftovers, settleEngineLocks } from "../leftovers.ts";
import { examples } from "../program.ts";
import type { Step } from "../progress.ts";
import { openSession, type Session } from "../session.ts";
import { withStackLock } from "../stack-lock.ts";
import { defaultStack } from "../stacks.ts";

/** `./fidus down [stack]`: containers and networks leave, data and secrets stay; `--data` takes them as well. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("down")
    .description("remove the stack's containers; data and secrets stay unless --data is given")
    .argument("[stack]", "stack to take down", defaultStack)
    .option("--data", "also delete every volume and secret of the stack, after asking", false)
    .addHelpText("after", examples(["./fidus down community", "./fidus down community --data --yes"]))
    .action(async (stack: string, { data }: { data: boolean }) => {
      const session = await openSession(ctx, stack);
      if (data && !(await ctx.confirm(`Delete all data and secrets of stack ${stack} for ever?`))) {
        throw new CliError("nothing was deleted", { code: "declined" });
      }
      const removed = await withStackLock(session.installation, session.stack, () =>
        data ? removeAll(ctx, session) : removeContainers(ctx, session),
      );
      ctx.printJson({ stack: session.stack, removed, data });
      ctx.print(
        data
          ? `Stack ${stack} and its data are gone.`
          : `Stack ${stack} is down; its data and secrets stay. ./fidus up ${stack} brings it back.`,
      );
    });
}

/** What holds data and secrets on the engine; `down` leaves it. */
const keptType = "docker:index/volume:Volume";

async function removeContainers(ctx: CliContext, session: Session): Promise<number> {
  const { engine, installation, stack, docker, config } = session;
  await prepareHost(ctx, installation, config);
  return ctx.progress.step("stack", async (step) => {
    await settleEngineLocks(installation, stack, { signal: ctx.signal, update: step.update });
    const resources = await engine.resources();
    await removeLeftovers(docker, installation.id, stack, resources);
    const targets = resources.filter(({ type }) => type.startsWith("docker:") && type !== keptType);
    if (targets.length === 0) {
      step.skip("nothing runs");
      return 0;
    }
    const args = [...targets.flatMap(({ urn }) => ["--target", urn]), "--target-dependents"];
    await engine.run("destroy", args, resourceProgress(step));
    return targets.length;
  });
}

/** Deletes everything the stack owns, its state and its config. */
export async function removeAll(ctx: CliContext, session: Session): Promise<number> {
  const { engine, installation, stack, config } = session;
  await prepareHost(ctx, installation, config);
  return ctx.progress.step("stack and data", async (step) => {
    const removed = await destroyAll(ctx, session, step);
    await engine.call(["stack", "rm", stack, "--yes", "--preserve-config"]).catch(noSuchStack);
    await rm(config.file, { force: true });
    return removed;
  });
}

/** Deletes everything the stack owns on the engine, data and secrets included; its config and its empty state stay. */
export async function destroyAll(ctx: CliContext, { engine, installation, stack, docker }: Session, step: Step): Promise<number> {
  await settleEngineLocks(installation, stack, { signal: ctx.signal, update: step.update });
  const resources = await engine.resources();
  await removeLeftovers(docker, installation.id, stack, resources);
  if (resources.length > 0) await engine.run("destroy", ["--ignore-protect"], resourceProgress(step));
  return resources.length;
}
