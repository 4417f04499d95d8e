import type { Command } from "commander";
import type { Card, CardSet, GivenOptions } from "../../cost/index.ts";
import { planOfBase } from "../base-plan.ts";
import { addCardFlags, cardOptionsOf } from "../card-flags.ts";
import type { CliContext } from "../context.ts";
import { problemUnless } from "../../infra/core/errors.ts";
import { wrongInput } from "../errors.ts";
import { readPlanFile } from "../plan-file.ts";
import { examples } from "../program.ts";
import { parseBase } from "../revision.ts";
import { previewStacks, type GivenPlans } from "../stack-previews.ts";

interface Flags extends GivenOptions {
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
    .option("--base <file|rev>", "another recorded preview, or the program of a git revision, in place of what is deployed")
    .option("--markdown", "print the comment for a pull request", false);
  addCardFlags(command)
    .addHelpText(
      "after",
      examples([
        "pulumi preview --stack starter --json --show-sames > plan.json; ./fidus preview --plan plan.json --budget 50EUR",
        "./fidus preview community",
        "./fidus preview starter --base main",
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
      const base = flags.base === undefined ? null : await parseBase(flags.base, ctx.paths.checkout, ctx.signal);
      const { plans, of } = await plansOf(ctx, stack, flags.plan);
      if (of !== null && base !== null) throw notOfAll(of);
      const read = plans.map(({ text, name, ...given }) => ({ ...given, plan: cost.readPlan(text, name) }));
      const [only] = read;
      if (of !== null) return showSet(ctx, flags, cost.buildCardSet(of, read, options), cost);
      if (only === undefined) return;
      const { plan, engineExit, programAt } = only;
      const compared = base === null ? {} : await planOfBase(ctx, base, plan, programAt);
      show(ctx, flags, cost.buildCard(plan, { ...options, ...compared, engineExit }), cost);
    });
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
    return { plans: [{ text: await readPlanFile(file, ctx.signal), name: file, engineExit: null, programAt: null }], of: null };
  if (stack !== undefined && file === undefined) return previewStacks(ctx, stack);
  const got = stack === undefined ? undefined : `${stack} and --plan ${file}`;
  const problem = { path: "stack", got, rule: "a stack, or a recorded preview", fix: "./fidus preview --plan plan.json" };
  throw wrongInput("which plan is not clear", [problem]);
}

/** Every stack of an installation has a state of its own to compare with. */
function notOfAll(name: string): Error {
  const problem = {
    path: "--base",
    got: `all stacks of ${name}`,
    rule: "one stack",
    fix: `./fidus preview ${name}-global --base …`,
  };
  return wrongInput("a base is compared with one stack", [problem]);
}
