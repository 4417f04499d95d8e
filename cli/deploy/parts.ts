import { ownRuntime } from "../../infra/config/own-runtime.ts";
import { demoModel, findModel, type Model } from "../../infra/core/models.ts";
import { ensureImages, type ImageEvent } from "../../infra/images/build.ts";
import type { Docker } from "../../infra/images/docker-cli.ts";
import type { ImageName } from "../../infra/images/images.ts";
import type { CliContext } from "../context.ts";
import { ensureModel } from "../models.ts";
import { elapsed, type Step } from "../progress.ts";
import type { StackConfigFile } from "../stack-config.ts";

/** Brings the images onto the engine and records their references. */
export async function prepareImages(
  ctx: CliContext,
  docker: Docker,
  config: StackConfigFile,
  names: readonly ImageName[],
  step: Step,
): Promise<void> {
  const { imageSource, imageRegistry, imagesRefreshed } = config.entries();
  const images = await ensureImages({
    docker,
    names,
    source: imageSource === "registry" ? "registry" : "build",
    ...(imageRegistry === undefined ? {} : { registry: imageRegistry }),
    root: ctx.paths.checkout,
    refreshed: imagesRefreshed,
    cache: ctx.paths.cache,
    env: ctx.env,
    signal: ctx.signal,
    log: (event) => showImage(ctx, step, event),
  });
  if (images.every(({ how }) => how === "present")) step.update("unchanged");
  config.set({ images: JSON.stringify(Object.fromEntries(images.map(({ name, ref }) => [name, ref]))) });
  await config.save();
}

function showImage(ctx: CliContext, step: Step, event: ImageEvent): void {
  switch (event.kind) {
    case "waiting":
      return step.update("another run builds now");
    case "started":
      return step.update(`${event.how} ${event.image} (${event.step} of ${event.steps})`);
    case "note":
      return ctx.notice(`  ${event.image}: ${event.text}`);
    case "output":
      return ctx.verbose ? ctx.notice(`  ${event.image}: ${event.line}`) : undefined;
    case "finished":
      return ctx.notice(`  ${event.image}: ${event.how === "build" ? "built" : "pulled"} (${elapsed(event.milliseconds)})`);
    default:
      return event satisfies never;
  }
}

/**
 * Fetches the embedded runtime's model. When a model that this run chose by itself cannot be had, the demo model takes its
 * place and is recorded; one that is recorded or was asked for by name is an error.
 */
export async function prepareModel(ctx: CliContext, config: StackConfigFile, chosenByFidus: boolean, step: Step): Promise<void> {
  const { llmRuntime, llmBaseUrl, model: id = demoModel.id, services } = config.entries();
  const model = findModel(id);
  if (!ownRuntime(llmRuntime, llmBaseUrl).model || services === "dependencies" || model === null) return step.skip("not needed");
  try {
    await fetchModel(ctx, model, step);
  } catch (error) {
    if (!chosenByFidus || model.id === demoModel.id || ctx.signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    ctx.notice(`  model: ${demoModel.id}, a demo model, in place of ${model.id}: ${reason}`);
    await fetchModel(ctx, demoModel, step);
    config.set({ model: demoModel.id });
    await config.save();
  }
}

async function fetchModel(ctx: CliContext, model: Model, step: Step): Promise<void> {
  await ensureModel({
    model,
    cacheDir: ctx.paths.cache,
    signal: ctx.signal,
    log: (text) => (ctx.verbose ? ctx.notice(`  ${text}`) : undefined),
    onProgress: ({ source, receivedBytes, totalBytes }) =>
      step.update(`${model.id} from the ${source}, ${megabytes(receivedBytes)} of ${megabytes(totalBytes)} MB`),
  });
  step.update(model.id);
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
