import type { CardOptions, Plan } from "../cost/index.ts";
import type { CliContext } from "./context.ts";
import type { RecordedPreview } from "./engine.ts";
import { cannotGoOn, wrongInput } from "./errors.ts";
import { readPlanFile } from "./plan-file.ts";
import { withRevision, type Base } from "./revision.ts";

/**
 * The plan that `--base` names, and what the card calls it. Throws exit 2 for a recording that failed, and for a revision beside
 * `--plan`; exit 1 when the revision's program refuses the stack.
 */
export async function planOfBase(
  ctx: CliContext,
  base: Base,
  plan: Plan,
  programAt: ((checkout: string) => Promise<RecordedPreview>) | null,
): Promise<Pick<CardOptions, "base" | "baseName">> {
  const { readPlan, refuseFailed } = await import("../cost/index.ts");
  if (base.kind === "file") {
    const recorded = readPlan(await readPlanFile(base.file, ctx.signal), base.file);
    refuseFailed(recorded, base.file);
    return { base: recorded, baseName: `recording ${base.file === "-" ? "on standard input" : base.file}` };
  }
  const { named, commit } = base.revision;
  if (programAt === null) {
    const rule = "a recording: the program of a revision cannot be run on one";
    throw wrongInput("a recorded preview has no stack", [
      { path: "--base", got: named, rule, fix: `./fidus preview STACK --base ${named}` },
    ]);
  }
  const { text } = await ctx.progress.step(`preview of ${named}`, () =>
    withRevision(base.revision, { checkout: ctx.paths.checkout, signal: ctx.signal }, programAt),
  );
  const was = readPlan(text, `the preview of ${named}`);
  if (was.failure !== null) {
    const rule = "a program that this stack's configuration fits";
    throw cannotGoOn(`the program of ${named} refuses this stack`, [
      { path: "--base", got: was.failure, rule, fix: "Compare with a later revision, or with nothing: leave --base out." },
    ]);
  }
  const state = plan.changes.some(({ before }) => before !== null) ? "the deployed stack" : "an empty stack";
  return { base: was, baseName: `${named}'s program (${commit.slice(0, 10)}) on ${state}` };
}
