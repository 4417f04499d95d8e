import type { Command } from "commander";
import { addChoiceFlags, checkFlags, type ChoiceFlags } from "../choice-flags.ts";
import { recordAsked } from "../choices.ts";
import { formatProblem } from "../../infra/core/errors.ts";
import type { CliContext } from "../context.ts";
import type { Installation } from "../installation.ts";
import { examples } from "../program.ts";
import { requirePublished } from "../registry-choice.ts";
import { requireStack } from "../session.ts";
import { readSettings } from "../settings.ts";
import { openStackConfig } from "../stack-config.ts";
import { withStackLock } from "../stack-lock.ts";
import { checkKnownStack, configuredStacks, defaultStack } from "../stacks.ts";

/** `./fidus choose`: shows or changes what the first `up` chose; the next `up` puts it into effect. */
export function register(program: Command, ctx: CliContext): void {
  const command = program
    .command("choose")
    .description("show or change the recorded choices: runtime, model, services, ports, image source")
    .argument("[stack]", "stack to work on", defaultStack);
  addChoiceFlags(command)
    .addHelpText("after", examples(["./fidus choose", "./fidus choose --model auto && ./fidus up", "./fidus choose --port 3100"]))
    .action(async (stack: string, flags: ChoiceFlags) => choose(ctx, stack, flags));
}

/** Works before the first `up` as well: what is asked for here is what that one takes. */
async function choose(ctx: CliContext, name: string, flags: ChoiceFlags): Promise<void> {
  checkFlags(flags);
  if (Object.keys(flags).length === 0 && (await hasNothing(ctx, name))) {
    ctx.print(`Nothing is chosen yet. The first up chooses: ./fidus up ${name}`);
    return ctx.printJson({ stack: name, changed: [], choices: {} });
  }
  const installation = await ctx.installation();
  const stack = await checkKnownStack(installation, name);
  // Whoever writes the config must be alone: an `up` in between would lose what it records.
  await withStackLock(installation, stack, () => record(ctx, installation, stack, flags));
}

/** Whether there is nothing to show yet. Looking makes neither an installation nor a stack. */
async function hasNothing(ctx: CliContext, name: string): Promise<boolean> {
  const installation = await ctx.existingInstallation();
  if (installation !== null) return !(await configuredStacks(installation)).includes(await checkKnownStack(installation, name));
  if (name !== defaultStack) await requireStack(ctx, name);
  return true;
}

async function record(ctx: CliContext, installation: Installation, stack: string, flags: ChoiceFlags): Promise<void> {
  if (typeof flags.registry === "string") await requirePublished(ctx.paths.checkout, flags.registry);
  const config = await openStackConfig(ctx.paths, installation, stack, "community");
  const changed = recordAsked(config, installation.id, flags);
  await config.save();
  const recorded = config.entries();
  ctx.printJson({ stack, changed, choices: recorded });
  for (const { key, value, because } of changed) ctx.print(`${key}: ${value} (${because})`);
  // Not refused: what is chosen may be one of several steps, and the repair of what is wrong.
  for (const problem of readSettings(config).problems) ctx.notice(`  before the next up: ${formatProblem(problem)}`);
  if (changed.length > 0) ctx.print(`\nNot in effect yet: ./fidus up ${stack}`);
  else
    ctx.print(
      Object.entries(recorded)
        .map(([key, value]) => `${key}: ${value}`)
        .join("\n"),
    );
}
