import type { Command } from "commander";
import type { GivenOptions } from "../../cost/index.ts";
import { addCardFlags, cardOptionsOf } from "../card-flags.ts";
import type { CliContext } from "../context.ts";
import { inWords, makeStack, planStack, prepareClouds, type DeployedStack } from "../deploy/clouds.ts";
import { readCommitted, type Committed } from "../deploy/committed.ts";
import { configureStack, readState, withInstallation, withoutSecrets, type GivenState } from "../deploy/given-state.ts";
import { requireReleased, revisionOf } from "../deploy/revision.ts";
import type { Limits } from "../deploy/judge.ts";
import { plannedChanges } from "../engine-preview.ts";
import { wrongInput } from "../errors.ts";
import { addGpuLimit, type GivenLimits } from "../gpu-limit.ts";
import type { Installation } from "../installation.ts";
import { examples } from "../program.ts";

/** `./fidus deploy STACK`: what a CI platform runs. */
export function register(program: Command, ctx: CliContext): void {
  const command = program
    .command("deploy")
    .description("bring an environment to the checked-out revision without a question; exit 3 over a limit or against a policy")
    .argument("<stack>", "a stack with settings in deploy/, or the NAME of an enterprise installation: then all its stacks");
  addGpuLimit(addCardFlags(command))
    .addHelpText(
      "after",
      examples([
        "./fidus deploy acme-dev --budget 50EUR",
        "./fidus deploy acme --budget 6000USD --allow-unpriced 4 --json | jq -r '.stacks[].changes'",
      ]),
    )
    .action(async (name: string, flags: GivenOptions & GivenLimits) => deploy(ctx, name, flags));
}

/** Whatever can be refused without the engine is refused first, then whatever can be without a change; then it is made. */
async function deploy(ctx: CliContext, name: string, flags: GivenOptions & GivenLimits): Promise<void> {
  const { checkout } = ctx.paths;
  const limits = { card: await cardOptionsOf(flags), policies: { maxGpus: flags.maxGpus } };
  const committed = await readCommitted(checkout, name, ctx.env);
  const { stacks, environment, installation: id } = committed;
  const { state, problems } = readState(ctx.env, environment);
  const all = [...committed.problems, ...problems];
  if (all.length > 0) throw wrongInput(`${name} cannot be deployed (docs/delivery.md)`, all);
  const revision = await revisionOf(checkout);
  await requireReleased(checkout, revision, environment);
  const { commit, changed } = revision;
  ctx.notice(`Deploying ${name} (${environment}) at ${commit}${changed.length > 0 ? ", with uncommitted changes" : ""}`);
  for (const warning of committed.warnings) ctx.notice(`  ${warning}`);
  const inner = { ...ctx, env: withoutSecrets(ctx.env, stacks) };
  const deployed = await withInstallation(inner, id, state, async (installation) => {
    await planAndJudge(inner, installation, committed, state, limits);
    const made: DeployedStack[] = [];
    for (const stack of stacks) made.push(await makeStack(inner, installation, stack, `./fidus deploy ${name}`));
    return made;
  });
  ctx.printJson({ stack: name, environment, revision, stacks: deployed, warnings: committed.warnings });
  ctx.print(
    deployed
      .map(({ stack, edition, changes, url }) => `${stack}  ${edition}  ${inWords(changes)}  ${url ?? ""}`.trimEnd())
      .join("\n"),
  );
}

/** All stacks before the first change: a limit that the last one breaks stops the first one too. */
async function planAndJudge(
  ctx: CliContext,
  installation: Installation,
  { stacks }: Committed,
  state: GivenState,
  limits: Limits,
): Promise<void> {
  // Loaded here: no other command should wait for the price tables.
  const { judge, requireAllowed, shown } = await import("../deploy/judge.ts");
  await prepareClouds(ctx, stacks);
  const judgements = [];
  for (const one of stacks) {
    await ctx.progress.step(`${one.stack}: settings`, () => configureStack(ctx, installation, one, state));
    const preview = await planStack(ctx, installation, one);
    plannedChanges(preview);
    const judgement = judge(one.stack, preview, limits);
    ctx.print(shown(judgement));
    judgements.push(judgement);
  }
  requireAllowed(judgements);
}
