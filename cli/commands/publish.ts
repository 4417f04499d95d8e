import type { Command } from "commander";
import { ensureImages } from "../../infra/images/build.ts";
import { imageNames, type ImageName } from "../../infra/images/images.ts";
import { digestsFile, publishImages } from "../../infra/images/registry.ts";
import { dockerAt } from "../containers.ts";
import type { CliContext } from "../context.ts";
import { requireEngine } from "../deploy/host.ts";
import { wrongInput } from "../errors.ts";
import { examples } from "../program.ts";
import { registryProblems } from "../registry-choice.ts";
import { alignColumns } from "../../infra/core/table.ts";

/** `./fidus images publish`: a step of a release. Builds what is missing, pushes it, and records the digests that others pull by. */
export function register(images: Command, ctx: CliContext): void {
  images
    .command("publish")
    .description(`push this checkout's images and record their digests in ${digestsFile}; a release does this`)
    .argument("[names...]", `which images, default all: ${imageNames.join(", ")}`)
    .requiredOption("--registry <host/path>", "where they are put, as fidus/NAME below it; log in with `docker login` before")
    .addHelpText(
      "after",
      examples([
        "./fidus images publish --registry registry.example.com/team",
        "./fidus images publish proxy redis --registry localhost:5000",
      ]),
    )
    .action(async (names: string[], { registry }: { registry: string }) => publish(ctx, names, registry));
}

async function publish(ctx: CliContext, asked: readonly string[], registry: string): Promise<void> {
  const problems = [...registryProblems(registry), ...asked.filter((name) => !isImage(name)).map(unknownImage)];
  if (problems.length > 0) throw wrongInput("these images cannot be published there", problems);
  const names = asked.length === 0 ? imageNames : asked.filter(isImage);
  const docker = dockerAt((await requireEngine(ctx)).host, ctx.env);
  const { checkout: root, cache } = ctx.paths;
  const digests = await ctx.progress.step("images", async (step) => {
    const show = (text: string): void => step.update(text);
    const ensured = await ensureImages({
      ...{ docker, names, root, cache, source: "build", env: ctx.env, signal: ctx.signal },
      log: (event) => {
        if (event.kind === "started") show(`${event.how} ${event.image} (${event.step} of ${event.steps})`);
        if (event.kind === "output" && ctx.verbose) ctx.notice(`  ${event.image}: ${event.line}`);
      },
    });
    const tags = Object.fromEntries(ensured.map(({ name, tag }) => [name, tag]));
    return publishImages({ docker, root, registry, tags, onPushed: (name) => show(`pushed ${name}`), signal: ctx.signal });
  });
  ctx.printJson({ registry, digests });
  ctx.print(alignColumns(Object.entries(digests).map(([name, { tag, digest }]) => [`fidus/${name}:${tag}`, digest])));
  ctx.print(`\nRecorded in ${digestsFile}: commit it with the release. Others then take ./fidus up --registry ${registry}`);
}

function isImage(name: string): name is ImageName {
  return imageNames.some((known) => known === name);
}

function unknownImage(name: string): { path: string; got: string; rule: string; fix: string } {
  return { path: "names", got: name, rule: `any of ${imageNames.join(", ")}`, fix: "./fidus images publish --help" };
}
