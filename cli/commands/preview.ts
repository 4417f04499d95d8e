import type { Command } from "commander";
import type { Card, CardSet, Plan } from "../../cost/index.ts";
import { addCardFlags, cardOptionsOf, type CardFlags } from "../card-flags.ts";
import type { CliContext } from "../context.ts";
import { problemUnless } from "../../infra/core/errors.ts";
import { wrongInput } from "../errors.ts";
import { readPlanFile } from "../plan-file.ts";
import { examples } from "../program.ts";
import { singleValued } from "../single-valued.ts";
import { previewStacks, type GivenPlans } from "../stack-previews.ts";

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
    .argument(
      "[stack]",
      "stack whose preview is made, or the name of an enterprise installation: all of its stacks; not with --plan",
    )
    .option("--plan <file>", "recorded: what `pulumi preview --json --show-sames` printed; - reads it from standard input")
    .option("--base <file>", "another recorded preview of the same stack to compare with, in place of what is deployed")
    .option("--markdown", "print the comment for a pull request", false);
  addCardFlags(command)
    .addHelpText(
      "after",
      examples([
        "pulumi preview --stack starter --json --show-sames > plan.json; ./fidus preview --plan plan.json --budget 50EUR",
        "./fidus preview community",
        "./fidus preview acme --budget 9000USD        # all stacks of an enterprise installation, and their sum",
        "./fidus preview --plan plan.json --json | jq '.totals'",
        "./fidus preview --plan plan.json --markdown > comment.md",
      ]),
    )
    .action(async (stack: string | undefined, flags: Flags) => {
      refuseContradictions(flags, ctx.json);
      // Loaded here: no other command should wait for the price tables.
      const cost = await import("../../cost/index.ts");
      const options = await cardOptionsOf(flags);
      const { plans, of } = await plansOf(ctx, stack, flags.plan);
      const read = plans.map(({ text, name, engineExit }) => ({ plan: cost.readPlan(text, name), engineExit }));
      const [only] = read;
      if (of !== null) showSet(ctx, flags, cost.buildCardSet(of, read, options), cost);
      else if (only !== undefined) show(ctx, flags, cost.buildCard(only.plan, { ...options, engineExit: only.engineExit }), cost);
    });
  singleValued(command);
}

type Cost = typeof import("../../cost/index.ts");

function show(ctx: CliContext, { markdown }: Flags, card: Card, { renderMarkdown, renderTerminal }: Cost): void {
  ctx.print(markdown ? renderMarkdown(card) : renderTerminal(card, { color: wantsColor(ctx) }));
  ctx.printJson(card);
  ctx.setExitCode(card.verdict.exitCode);
}

function showSet(ctx: CliContext, { markdown }: Flags, set: CardSet, { renderSetMarkdown, renderSetTerminal }: Cost): void {
  ctx.print(markdown ? renderSetMarkdown(set) : renderSetTerminal(set, { color: wantsColor(ctx) }));
  ctx.printJson(set);
  ctx.setExitCode(set.verdict.exitCode);
}

function wantsColor({ env }: CliContext): boolean {
  return process.stdout.isTTY === true && env["NO_COLOR"] === undefined && env["TERM"] !== "dumb";
}

/** Throws exit 2 for options of which only one can be meant, all of them at once. */
function refuseContradictions({ plan, base, markdown, rate }: Flags, json: boolean): void {
  const pairs = rate.map((text) => text.split("=", 1)[0] ?? "");
  const twice = pairs.filter((pair, index) => pairs.indexOf(pair) !== index);
  const problems = [
    ...problemUnless(!(plan === "-" && base === "-"), {
      ...{ path: "--base", got: "-", rule: "a file: --plan reads standard input", fix: "--base base.json" },
    }),
    ...problemUnless(!(json && markdown), {
      ...{ path: "--markdown", got: "--json beside it", rule: "one format", fix: "Leave one of them out." },
    }),
    ...twice.map((pair) => ({
      path: "--rate",
      got: `${pair} twice`,
      rule: "one rate for each pair",
      fix: "Leave one of them out.",
    })),
  ];
  if (problems.length > 0) throw wrongInput("these options contradict each other", problems);
}

/** The recorded preview, or those that a name stands for. Throws exit 2 for both and for neither. */
async function plansOf(ctx: CliContext, stack: string | undefined, file: string | undefined): Promise<GivenPlans> {
  if (file !== undefined && stack === undefined)
    return { plans: [{ text: await readPlanFile(file, ctx.signal), name: file, engineExit: null }], of: null };
  if (stack !== undefined && file === undefined) return previewStacks(ctx, stack);
  const got = stack === undefined ? undefined : `${stack} and --plan ${file}`;
  const problem = { path: "stack", got, rule: "a stack, or a recorded preview", fix: "./fidus preview --plan plan.json" };
  throw wrongInput("which plan is not clear", [problem]);
}

/** What a refused base would leave is not known. */
async function basePlan(
  file: string,
  signal: AbortSignal,
  { readPlan, refuseFailed }: typeof import("../../cost/index.ts"),
): Promise<Plan> {
  const plan = readPlan(await readPlanFile(file, signal), file);
  refuseFailed(plan, file);
  return plan;
}
