import type { Command } from "commander";
import type { Card, Plan } from "../../cost/index.ts";
import { addCardFlags, cardOptionsOf, type CardFlags } from "../card-flags.ts";
import { editionOf } from "../config-check.ts";
import type { CliContext } from "../context.ts";
import { cloudsOf } from "../deploy/clouds.ts";
import { pulumiEngine } from "../engine.ts";
import { wrongInput } from "../errors.ts";
import { prepareToolchain } from "../host-check.ts";
import { readPlanFile } from "../plan-file.ts";
import { examples } from "../program.ts";
import { requireStack } from "../session.ts";
import { openStackConfig, readStackConfig } from "../stack-config.ts";

interface Flags extends CardFlags {
  readonly plan?: string;
  readonly base?: string;
  readonly markdown: boolean;
}

/**
 * `./fidus preview STACK` or `--plan FILE`: what the next deployment costs, interrupts and endangers. A recorded preview needs no
 * engine, stack or credentials.
 */
export function register(program: Command, ctx: CliContext): void {
  const command = program
    .command("preview")
    .description("show what the next deployment costs, interrupts and endangers; exit 3 over a limit or with data at risk")
    .argument("[stack]", "stack whose preview is made; not with --plan")
    .option("--plan <file>", "recorded: what `pulumi preview --json --show-sames` printed; - reads it from standard input")
    .option("--base <file>", "another recorded preview of the same stack to compare with, in place of what is deployed")
    .option("--markdown", "print the comment for a pull request", false);
  addCardFlags(command)
    .addHelpText(
      "after",
      examples([
        "pulumi preview --stack starter --json --show-sames > plan.json; ./fidus preview --plan plan.json --budget 50EUR",
        "./fidus preview community",
        "./fidus preview --plan plan.json --json | jq '.totals'",
        "./fidus preview --plan plan.json --markdown > comment.md",
      ]),
    )
    .action(async (stack: string | undefined, flags: Flags) => {
      // Loaded here: no other command should wait for the price tables.
      const { buildCard, readPlan, renderMarkdown, renderTerminal } = await import("../../cost/index.ts");
      if (flags.plan === "-" && flags.base === "-") {
        const problem = { path: "--base", got: "-", rule: "a file: --plan reads standard input", fix: "--base base.json" };
        throw wrongInput("two previews cannot come from one input", [problem]);
      }
      const base = flags.base === undefined ? {} : { base: await basePlan(flags.base, ctx.signal) };
      const options = { ...(await cardOptionsOf(flags)), ...base };
      const { text, name, engineExit } = await planOf(ctx, stack, flags.plan);
      const card: Card = buildCard(readPlan(text, name), { ...options, engineExit });
      const color = process.stdout.isTTY === true && ctx.env["NO_COLOR"] === undefined && ctx.env["TERM"] !== "dumb";
      ctx.print(flags.markdown ? renderMarkdown(card) : renderTerminal(card, { color }));
      ctx.printJson(card);
      ctx.setExitCode(card.verdict.exitCode);
    });
}

interface GivenPlan {
  readonly text: string;
  /** What messages call it. */
  readonly name: string;
  readonly engineExit: number | null;
}

/** The recorded preview, or that of a stack. Throws exit 2 for both and for neither. */
async function planOf(ctx: CliContext, stack: string | undefined, file: string | undefined): Promise<GivenPlan> {
  if (file !== undefined && stack === undefined)
    return { text: await readPlanFile(file, ctx.signal), name: file, engineExit: null };
  if (stack === undefined || file !== undefined) {
    const got = stack === undefined ? undefined : `${stack} and --plan ${file}`;
    const problem = { path: "stack", got, rule: "a stack, or a recorded preview", fix: "./fidus preview --plan plan.json" };
    throw wrongInput("which plan is not clear", [problem]);
  }
  const { installation } = await requireStack(ctx, stack);
  const edition = editionOf(await readStackConfig(installation, stack));
  const config = await openStackConfig(ctx.paths, installation, stack, edition);
  const engine = pulumiEngine(ctx, installation, stack);
  await ctx.progress.step("toolchain", (step) => prepareToolchain(ctx, step, cloudsOf[edition]));
  await engine.ensureStack(config);
  const { text, exitCode } = await ctx.progress.step("preview", () => engine.preview());
  return { text, name: `the preview of ${stack}`, engineExit: exitCode };
}

/** What a refused base would leave is not known. */
async function basePlan(file: string, signal: AbortSignal): Promise<Plan> {
  const { readPlan, refuseFailed } = await import("../../cost/index.ts");
  const plan = readPlan(await readPlanFile(file, signal), file);
  refuseFailed(plan, file);
  return plan;
}
