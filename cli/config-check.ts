import { parseConfig } from "../infra/config/parse.ts";
import { sealed } from "../infra/config/sealed.ts";
import { configWarnings } from "../infra/config/rules.ts";
import { groupProblems, type Member } from "../infra/config/rules/group.ts";
import { editions, type Edition } from "../infra/config/spec.ts";
import type { ConfigOf } from "../infra/config/types.ts";
import { nearest } from "../infra/config/values.ts";
import type { Problem } from "../infra/core/errors.ts";
import type { CliContext } from "./context.ts";
import { pulumiEngine } from "./engine.ts";
import { wrongInput } from "./errors.ts";
import { prepareToolchain } from "./host-check.ts";
import type { Installation } from "./installation.ts";
import { requirePassphrase } from "./passphrase.ts";
import { readStackConfig, type StackConfigFile } from "./stack-config.ts";
import { checkStackName, configuredStacks, namedStacks, noSuchStack } from "./stacks.ts";

/** One stack's configuration, parsed. */
export interface CheckedStack {
  readonly stack: string;
  readonly edition: Edition;
  readonly values: object;
}

/** One stack's configuration, and what is wrong with it. */
export interface ReadStack extends CheckedStack {
  readonly problems: readonly Problem[];
}

/** What a name stands for, without a problem: one stack, or all of an enterprise installation, the global one first. */
export interface CheckedName {
  readonly installation: Installation;
  readonly stacks: readonly CheckedStack[];
  readonly warnings: readonly string[];
}

/** Looks at everything that a name stands for and says its warnings; changes nothing and asks no cloud. Throws exit 2 with every problem at once. */
export async function checkConfiguration(ctx: CliContext, name: string): Promise<CheckedName> {
  const { installation, stacks } = await meantStacks(ctx, checkStackName(name));
  const checked: ReadStack[] = [];
  for (const stack of stacks) checked.push(await checkStack(ctx, installation, stack));
  const problems = problemsOf(checked);
  const warnings = checked.flatMap(({ values }) => configWarnings(values));
  for (const warning of warnings) ctx.notice(`  ${warning}`);
  if (problems.length > 0) {
    const whose = stacks.length === 1 ? name : "STACK";
    throw wrongInput(
      `the configuration of ${name} has problems; before a \`pulumi config\`: eval "$(./fidus env ${whose})"`,
      problems,
    );
  }
  return { installation, stacks: checked, warnings };
}

/** The stack, or all stacks of the enterprise installation. Throws exit 2 when there is neither. */
async function meantStacks(ctx: CliContext, name: string): Promise<{ installation: Installation; stacks: readonly string[] }> {
  const installation = await ctx.existingInstallation();
  const configured = installation === null ? [] : await configuredStacks(installation);
  const stacks = namedStacks(name, configured);
  if (installation !== null && stacks.length > 0) return { installation, stacks };
  throw noSuchStack(name, configured, `./fidus init starter --name ${name}`);
}

async function checkStack(ctx: CliContext, installation: Installation, stack: string): Promise<ReadStack> {
  const config = await readStackConfig(installation, stack);
  const edition = editionOf(config);
  const entries = { ...config.entries(), ...(await opened(ctx, installation, stack, config)) };
  const { values, problems } = parseConfig(edition, entries, config.secrets());
  // What the first `up` chooses is not missing yet.
  const own = problems.filter(({ got, fix }) => got !== undefined || !fix.startsWith("./fidus up"));
  return { stack, edition, values, problems: own };
}

/** The secrets in clear, by the engine, which holds the key; {} where there are none. */
async function opened(
  ctx: CliContext,
  installation: Installation,
  stack: string,
  config: StackConfigFile,
): Promise<Record<string, string>> {
  if (config.secrets().size === 0) return {};
  await requirePassphrase(installation, config);
  await ctx.progress.step("toolchain", (step) => prepareToolchain(ctx, step));
  const text = await pulumiEngine(ctx, installation, stack).call(["config", "--show-secrets", "--json", "--stack", stack]);
  const values = JSON.parse(text) as Record<string, { value?: string }>;
  return Object.fromEntries([...config.secrets()].map((key) => [key, values[`fidus:${key}`]?.value ?? sealed]));
}

/** Throws exit 2 when the stack does not say what it is. */
export function editionOf(config: StackConfigFile): Edition {
  const own = config.entries()["edition"];
  const found = editions.find((edition) => edition === own);
  if (found !== undefined) return found;
  throw wrongInput("the stack does not say which edition it is", [
    {
      path: "edition",
      got: own,
      rule: `one of ${editions.join(", ")}`,
      fix: `Write fidus:edition: ${nearest(own ?? "", editions) ?? "EDITION"} under config: in ${config.file}`,
    },
  ]);
}

/** Every problem of a stack, or of the stacks of an enterprise installation. */
export function problemsOf(stacks: readonly ReadStack[]): readonly Problem[] {
  return stacks.length === 1 ? stacks.flatMap(({ problems }) => problems) : allProblems(stacks);
}

/** Every stack's problems under the stack's name, and what the stacks do not agree on where none of them is wrong alone. */
function allProblems(checked: readonly ReadStack[]): Problem[] {
  const [global, ...regions] = checked;
  if (global === undefined) return [];
  const own = checked.flatMap(({ stack, problems }) => problems.map((one) => ({ ...one, path: `${stack}: ${one.path}` })));
  const broken = new Set(checked.flatMap(({ problems }) => problems.map(({ path }) => path)));
  const pairBroken = broken.has("primaryRegion") || broken.has("secondaryRegion");
  const members = regions.map(({ stack, values }) => ({ stack, config: values }) as Member<ConfigOf<"enterprise-region">>);
  const between = groupProblems({ stack: global.stack, config: global.values as ConfigOf<"enterprise-global"> }, members);
  const judged = between.filter(({ path }) => {
    const key = path.split(": ")[1] ?? "";
    return !broken.has(key) && !(pairBroken && key.endsWith("egion"));
  });
  return [...own, ...judged];
}
