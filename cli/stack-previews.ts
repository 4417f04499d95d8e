import { editionOf } from "./config-check.ts";
import type { CliContext } from "./context.ts";
import { prepareClouds } from "./deploy/clouds.ts";
import { pulumiEngine, type RecordedPreview } from "./engine.ts";
import { requireStack } from "./session.ts";
import { openStackConfig, readStackConfig } from "./stack-config.ts";
import { configuredStacks, namedStacks } from "./stacks.ts";

/** A plan as it was given. */
export interface GivenPlan {
  readonly text: string;
  /** What messages call it. */
  readonly name: string;
  /** null for a recorded preview. */
  readonly engineExit: number | null;
  /** The same preview with the program of another checkout; null for a recorded one. */
  readonly programAt: ((checkout: string) => Promise<RecordedPreview>) | null;
}

export interface GivenPlans {
  readonly plans: readonly GivenPlan[];
  /** Name of the installation whose stacks they are; null for a single one. */
  readonly of: string | null;
}

/**
 * The previews of what a name stands for: one stack, or all of an enterprise installation, the global one first. Throws exit 2
 * when there is neither. A plan that the engine refuses is a preview too.
 */
export async function previewStacks(ctx: CliContext, name: string): Promise<GivenPlans> {
  const existing = await ctx.existingInstallation();
  const named = existing === null ? [] : namedStacks(name, await configuredStacks(existing));
  const [first = name] = named;
  const { installation } = await requireStack(ctx, first);
  const stacks = named.length > 0 ? named : [name];
  const opened = await Promise.all(
    stacks.map(async (stack) => {
      const edition = editionOf(await readStackConfig(installation, stack));
      return { stack, edition, config: await openStackConfig(ctx.paths, installation, stack, edition) };
    }),
  );
  await prepareClouds(ctx, opened);
  const previews: GivenPlan[] = [];
  for (const { stack, config } of opened) {
    const engine = pulumiEngine(ctx, installation, stack);
    await engine.ensureStack(config);
    const { text, exitCode } = await ctx.progress.step(`${stack}: preview`, () => engine.preview());
    const programAt = (checkout: string): Promise<RecordedPreview> =>
      pulumiEngine({ ...ctx, paths: { ...ctx.paths, checkout } }, installation, stack).preview();
    previews.push({ text, name: `the preview of ${stack}`, engineExit: exitCode, programAt });
  }
  return { plans: previews, of: first === name ? null : name };
}
