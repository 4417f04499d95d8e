import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { describeError, renderError, wrongInput, type ExitCode } from "../cli/errors.ts";
import { checkoutFolder } from "../cli/paths.ts";
import { parseBase, withRevision, type Revision } from "../cli/revision.ts";
import { buildCard, parseUsage, readPlan, renderMarkdown, renderTerminal, type Card, type Plan } from "../cost/index.ts";
import { renderPicture } from "./picture.ts";
import { planOnEmptyStack, type PreviewText } from "./plan.ts";
import { ciStack } from "./stacks.ts";
import { renderSummary } from "./summary.ts";
import { plainJson } from "../infra/core/json.ts";

/**
 * `.ci/preview --base REV --out FOLDER STACK...`: what the programs of this checkout cost against those of a revision, each on an
 * empty stack in simulated clouds. Writes STACK.json, STACK.md, STACK.svg and STACK.summary.md; ends with the worst card's exit code.
 */
async function main(args: readonly string[], signal: AbortSignal): Promise<ExitCode> {
  const options = { base: { type: "string" }, out: { type: "string" } } as const;
  // Not strict: what is unknown is refused below, with what is meant.
  const { values, positionals } = parseArgs({ args: [...args], allowPositionals: true, strict: false, options });
  const { base: named, out, ...unknown } = values;
  const complete = typeof named === "string" && typeof out === "string" && positionals.length > 0;
  if (!complete || Object.keys(unknown).length > 0) throw usage(args);
  const base = await parseBase(named, checkoutFolder, signal);
  if (base.kind === "file") throw usage(args);
  const before = await withRevision(base.revision, { checkout: checkoutFolder, signal }, (folder) => plans(folder, positionals));
  const after = await plans(checkoutFolder, positionals);
  await mkdir(out, { recursive: true });
  const codes: ExitCode[] = [];
  for (const [name, preview] of after) {
    const card = await cardOf(name, preview, before.get(name), base.revision);
    await writeCard(out, name, card);
    codes.push(card.verdict.exitCode);
  }
  return worst(codes);
}

async function plans(checkout: string, names: readonly string[]): Promise<ReadonlyMap<string, PreviewText>> {
  const found = new Map<string, PreviewText>();
  for (const name of names) {
    process.stderr.write(`preview of ${name} in ${checkout}, in simulated clouds\n`);
    found.set(name, await planOnEmptyStack(checkout, await ciStack(name, checkout, checkoutFolder)));
  }
  return found;
}

async function cardOf(
  name: string,
  { text, exitCode }: PreviewText,
  was: PreviewText | undefined,
  { named, commit }: Revision,
): Promise<Card> {
  const base: Plan = readPlan(was?.text ?? "", `the preview of ${name} at ${named}`);
  const today = new Date().toISOString();
  const plan = readPlan(text, `the preview of ${name}`);
  const program = `${named}'s program (${commit.slice(0, 10)})`;
  // What refuses the settings of ci/stacks.json says nothing of what it would cost: then all of the plan is new.
  const [compared, baseName] =
    base.failure === null
      ? [base, `${program} on an empty stack`]
      : [{ ...base, changes: [] }, `nothing: ${program} refuses the settings of this stack`];
  const { usage } = await ciStack(name, checkoutFolder, checkoutFolder);
  const given = usage === null ? {} : { usage: parseUsage(usage, "ci/stacks.json") };
  return buildCard(plan, { today, engineExit: exitCode, base: compared, baseName, ...given });
}

async function writeCard(out: string, name: string, card: Card): Promise<void> {
  const file = (ending: string): string => join(out, `${name}.${ending}`);
  await writeFile(file("json"), `${plainJson(card)}\n`);
  await writeFile(file("md"), renderMarkdown(card));
  await writeFile(file("svg"), await renderPicture(card));
  await writeFile(file("summary.md"), renderSummary(card));
  process.stdout.write(`${renderTerminal(card)}\n\n`);
}

function worst(codes: readonly ExitCode[]): ExitCode {
  return codes.toSorted((a, b) => b - a)[0] ?? 0;
}

function usage(args: readonly string[]): Error {
  const rule = "--base REV, --out FOLDER and one stack or more";
  const fix = ".ci/preview --base origin/main --out cards starter pro";
  return wrongInput("what to preview is not clear", [{ path: "arguments", got: args.join(" "), rule, fix }]);
}

const stopping = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort(new Error(`stopped by ${name}`)));
try {
  process.exitCode = await main(process.argv.slice(2), stopping.signal);
} catch (error) {
  const { report, exitCode } = describeError(error);
  process.stderr.write(`${renderError(report)}\n`);
  process.exitCode = exitCode;
}
