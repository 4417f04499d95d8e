import { readFile } from "node:fs/promises";
import { InvalidArgumentError, type Command } from "commander";
import type { Card, CardOptions } from "../../cost/index.ts";
import { editionOf } from "../config-check.ts";
import { planOfBase } from "../base-plan.ts";
import type { CliContext } from "../context.ts";
import { cloudsOf } from "../deploy/clouds.ts";
import { pulumiEngine, type RecordedPreview } from "../engine.ts";
import { wrongInput } from "../errors.ts";
import { prepareToolchain } from "../host-check.ts";
import { readPlanFile } from "../plan-file.ts";
import { examples } from "../program.ts";
import { parseBase } from "../revision.ts";
import { requireStack } from "../session.ts";
import { openStackConfig, readStackConfig } from "../stack-config.ts";

interface Flags {
  readonly plan?: string;
  readonly base?: string;
  readonly markdown: boolean;
  readonly budget?: string;
  readonly maxIncrease?: string;
  readonly rate: readonly string[];
  readonly usage?: string;
  readonly evidence?: string;
  readonly allowUnpriced: number;
  readonly allowDataLoss: readonly string[];
  readonly today?: string;
}

const collect = (value: string, all: readonly string[]): readonly string[] => [...all, value];

/**
 * `./fidus preview STACK` or `--plan FILE`: what the next deployment costs, interrupts and endangers. A recorded preview needs no
 * engine, stack or credentials.
 */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("preview")
    .description("show what the next deployment costs, interrupts and endangers; exit 3 over a limit or with data at risk")
    .argument("[stack]", "stack whose preview is made; not with --plan")
    .option("--plan <file>", "recorded: what `pulumi preview --json --show-sames` printed; - reads it from standard input")
    .option("--base <file|rev>", "another recorded preview, or the program of a git revision, in place of what is deployed")
    .option("--markdown", "print the comment for a pull request", false)
    .option("--budget <money>", "most that the stack may cost a month, such as 200EUR")
    .option("--max-increase <money|percent>", "most that the plan may add a month, such as 20EUR or 10%")
    .option("--rate <from/to=rate>", "worth of a currency in another, such as USD/EUR=0.92; may be repeated", collect, [])
    .option("--usage <file>", "figures for what is billed by use, and cost outside the plan (YAML)")
    .option("--evidence <file>", "proof of a fresh backup (JSON)")
    .option("--allow-unpriced <number>", "so many may be without a price before a limit counts as not kept", wholeNumber, 0)
    .option("--allow-data-loss <urn>", "the data of this resource may be lost; may be repeated", collect, [])
    .option("--today <date>", "day of the prices and of the evidence; default: now")
    .addHelpText(
      "after",
      examples([
        "pulumi preview --stack starter --json --show-sames > plan.json; ./fidus preview --plan plan.json --budget 50EUR",
        "./fidus preview community",
        "./fidus preview starter --base main",
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
      const options = await optionsOf(flags);
      const base = flags.base === undefined ? null : await parseBase(flags.base, ctx.paths.checkout, ctx.signal);
      const { text, name, engineExit, programAt } = await planOf(ctx, stack, flags.plan);
      const plan = readPlan(text, name);
      const compared = base === null ? {} : await planOfBase(ctx, base, plan, programAt);
      const card: Card = buildCard(plan, { ...options, ...compared, engineExit });
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
  /** The same preview with the program of another checkout; null for a recorded one. */
  readonly programAt: ((checkout: string) => Promise<RecordedPreview>) | null;
}

/** The recorded preview, or that of a stack. Throws exit 2 for both and for neither. */
async function planOf(ctx: CliContext, stack: string | undefined, file: string | undefined): Promise<GivenPlan> {
  if (file !== undefined && stack === undefined)
    return { text: await readPlanFile(file, ctx.signal), name: file, engineExit: null, programAt: null };
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
  const programAt = (checkout: string): Promise<RecordedPreview> =>
    pulumiEngine({ ...ctx, paths: { ...ctx.paths, checkout } }, installation, stack).preview();
  return { text, name: `the preview of ${stack}`, engineExit: exitCode, programAt };
}

async function optionsOf(flags: Flags): Promise<CardOptions> {
  const { parseDay, parseEvidence, parseIncrease, parseMoney, parseRate, parseUsage } = await import("../../cost/index.ts");
  const { budget, maxIncrease, rate, usage, evidence, allowUnpriced, allowDataLoss, today } = flags;
  return {
    today: today === undefined ? new Date().toISOString() : parseDay(today, "--today"),
    rates: new Map(rate.map((text) => parseRate(text, "--rate"))),
    allowUnpriced,
    allowDataLoss: new Set(allowDataLoss),
    ...(budget === undefined ? {} : { budget: parseMoney(budget, "--budget") }),
    ...(maxIncrease === undefined ? {} : { maxIncrease: parseIncrease(maxIncrease, "--max-increase") }),
    ...(usage === undefined ? {} : { usage: parseUsage(await readGiven(usage, "--usage"), usage) }),
    ...(evidence === undefined ? {} : { evidence: parseEvidence(await readGiven(evidence, "--evidence"), evidence) }),
  };
}

async function readGiven(file: string, option: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    const got = `${file} (${(error as NodeJS.ErrnoException).code ?? String(error)})`;
    throw wrongInput("a file cannot be read", [{ path: option, got, rule: "a file that can be read", fix: `ls -l ${file}` }]);
  }
}

function wholeNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError("needs a whole number, 0 or more.");
  return Number(text);
}
