import { rm } from "node:fs/promises";
import type { Command } from "commander";
import { installationLabel } from "../../infra/core/naming.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";
import { lines } from "../containers.ts";
import type { CliContext } from "../context.ts";
import { CliError } from "../errors.ts";
import { listInstallations, type Installation } from "../installation.ts";
import { examples } from "../program.ts";
import { openSession } from "../session.ts";
import { withStackLock } from "../stack-lock.ts";
import { configuredStacks } from "../stacks.ts";
import { removeAll } from "./down.ts";

/** `./fidus uninstall`: everything this checkout made, data included, leaves the machine. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("uninstall")
    .description("remove every stack of this checkout with its data, secrets and state; asks first")
    .option("--caches", "also remove toolchain, models and images, unless another installation uses them", false)
    .addHelpText("after", examples(["./fidus uninstall", "./fidus uninstall --caches --yes"]))
    .action(async ({ caches }: { caches: boolean }) => {
      const installation = await ctx.existingInstallation();
      if (installation === null) {
        ctx.printJson({ removed: false });
        return ctx.print("Nothing is installed from this checkout.");
      }
      if (!(await ctx.confirm(`Remove installation ${installation.id} with all its data for ever?`))) {
        throw new CliError("nothing was removed", { code: "declined" });
      }
      await removeInstallation(ctx, installation, caches);
      ctx.printJson({ removed: true, installation: installation.id });
      ctx.print(`Installation ${installation.id} is gone.`);
    });
}

async function removeInstallation(ctx: CliContext, installation: Installation, caches: boolean): Promise<void> {
  const engines = new Map<string, Docker>();
  for (const stack of await configuredStacks(installation)) {
    const session = await openSession(ctx, stack);
    engines.set(session.dockerHost, session.docker);
    await withStackLock(installation, stack, () => removeAll(ctx, session));
  }
  for (const docker of engines.values()) await removeLabelled(docker, installation.id);
  await rm(installation.folder, { recursive: true, force: true });
  if (!caches) return;
  if ((await listInstallations(ctx.paths)).length > 0) return ctx.notice("  caches stay: another installation uses them");
  for (const docker of engines.values()) await removeImages(docker);
  await rm(ctx.paths.cache, { recursive: true, force: true });
}

/** Whatever bears the installation's label and is not in any state: what interrupted runs left. */
async function removeLabelled(docker: Docker, installation: string): Promise<void> {
  const filter = ["--filter", `label=${installationLabel}=${installation}`];
  const remove = async (list: readonly string[], rm: readonly string[]): Promise<void> => {
    const ids = lines(await docker([...list, "--quiet", ...filter]));
    if (ids.length > 0) await docker([...rm, ...ids]);
  };
  await remove(["ps", "--all"], ["rm", "--force", "--volumes"]);
  await remove(["network", "ls"], ["network", "rm"]);
  await remove(["volume", "ls"], ["volume", "rm"]);
}

async function removeImages(docker: Docker): Promise<void> {
  const ids = lines(await docker(["image", "ls", "--quiet", "--filter", "label=fidus.image"]));
  if (ids.length > 0) await docker(["image", "rm", "--force", ...new Set(ids)]);
}
