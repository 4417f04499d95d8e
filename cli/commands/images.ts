import type { Command } from "commander";
import { ensureImages } from "../../infra/images/build.ts";
import { imageNames, imageSet, type ImageName } from "../../infra/images/images.ts";
import { listImages, removeImages, type ListedImage } from "../../infra/images/list.ts";
import { imageRef } from "../../infra/images/tags.ts";
import type { CliContext } from "../context.ts";
import { dockerAt } from "../containers.ts";
import { requireEngine } from "../deploy/host.ts";
import { examples } from "../program.ts";
import { openStackConfig, type StackConfigFile } from "../stack-config.ts";
import { withStackLock } from "../stack-lock.ts";
import { checkStackName, defaultStack } from "../stacks.ts";
import { alignColumns } from "../../infra/core/table.ts";
import { register as publish } from "./publish.ts";

interface ImagesOptions {
  readonly refresh: boolean;
  readonly prune: boolean;
}

/** `./fidus images`: our images on the engine with their sizes; `--refresh` builds them again with today's security updates. */
export function register(program: Command, ctx: CliContext): void {
  const command = program
    .command("images")
    .description("list our images and their sizes; --refresh takes security updates")
    .argument("[stack]", "stack whose images are meant", defaultStack)
    .option("--refresh", "build again with the newest packages; the next `up` uses them", false)
    .option("--prune", "remove our images that nothing uses and this checkout does not need", false)
    .addHelpText(
      "after",
      examples(["./fidus images", "./fidus images --refresh && ./fidus up community", "./fidus images --prune"]),
    )
    .action(async (stack: string, options: ImagesOptions) => images(ctx, checkStackName(stack), options));
  publish(command, ctx);
}

async function images(ctx: CliContext, stack: string, { refresh, prune }: ImagesOptions): Promise<void> {
  const installation = await ctx.installation();
  const open = (): Promise<StackConfigFile> => openStackConfig(ctx.paths, installation, stack, "community");
  let config = await open();
  const docker = dockerAt(config.entries()["dockerHost"] ?? (await requireEngine(ctx)).host, ctx.env);
  if (refresh) {
    const refreshed = await rebuild(ctx, docker);
    // Building takes minutes: the config is read again under the lock, so that nothing recorded meanwhile is lost.
    await withStackLock(installation, stack, async () => {
      config = await open();
      config.set({ imagesRefreshed: refreshed });
      await config.save();
    });
  }
  const inputs = { root: ctx.paths.checkout, refreshed: config.entries()["imagesRefreshed"] };
  const current = imageNames.map((name) => imageRef(name, inputs));
  const removed = prune ? await removeImages(docker, current) : [];
  const listed = await listImages(docker, current);
  ctx.printJson({ images: listed.map((image) => ({ ...image, budget: budgetOf(image.name) })), removed });
  ctx.print(listed.length === 0 ? "No images yet. ./fidus up community" : table(listed));
  if (removed.length > 0) ctx.print(`removed: ${removed.join(", ")}`);
}

/** Builds all images anew and returns their stamp, to be recorded only now: an interrupted refresh leaves the old images in use. */
async function rebuild(ctx: CliContext, docker: ReturnType<typeof dockerAt>): Promise<string> {
  const refreshed = new Date().toISOString();
  const names = imageNames.filter((name) => imageSet[name].when === "always");
  await ctx.progress.step("images", (step) =>
    ensureImages({
      docker,
      names,
      source: "build",
      root: ctx.paths.checkout,
      refreshed,
      cache: ctx.paths.cache,
      env: ctx.env,
      signal: ctx.signal,
      log: (event) => {
        if (event.kind === "started") step.update(`${event.how} ${event.image} (${event.step} of ${event.steps})`);
        if (event.kind === "output" && ctx.verbose) ctx.notice(`  ${event.image}: ${event.line}`);
      },
    }),
  );
  return refreshed;
}

function budgetOf(name: ImageName): number | null {
  return imageSet[name].budget;
}

function table(listed: readonly ListedImage[]): string {
  const rows = listed.map(({ name, tag, size, packages, current }) => [
    `fidus/${name}:${tag}`,
    `${Math.round(size / 1e6)} MB`,
    packages === null ? "" : `packages of ${packages.toISOString().slice(0, 10)}`,
    current ? "current" : "old",
  ]);
  return alignColumns(rows);
}
