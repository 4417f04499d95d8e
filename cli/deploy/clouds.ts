import type { Edition } from "../../infra/config/spec.ts";
import type { CloudName } from "../../toolchain/index.ts";
import { checkConfiguration, type CheckedStack } from "../config-check.ts";
import type { CliContext } from "../context.ts";
import { pulumiEngine, type RecordedPreview } from "../engine.ts";
import type { Changes } from "../engine-events.ts";
import { plannedChanges } from "../engine-preview.ts";
import { CliError } from "../errors.ts";
import { prepareToolchain } from "../host-check.ts";
import type { Installation } from "../installation.ts";
import { settleEngineLocks } from "../leftovers.ts";
import { requireOwnHost } from "../stack-checks.ts";
import { openStackConfig, readStackConfig } from "../stack-config.ts";
import { withStackLock } from "../stack-lock.ts";
import { configuredStacks, globalSuffix } from "../stacks.ts";
import { resourceProgress } from "./engine-run.ts";
import { settlePendingCreates } from "./pending-creates.ts";
import { upWithTypesInStock } from "./sold-out.ts";

/** What was made of one stack. */
export interface DeployedStack {
  readonly stack: string;
  readonly edition: Edition;
  readonly changes: Changes;
  /** Where people will go; null where the stack has no address of its own. */
  readonly url: string | null;
}

export interface DeployedClouds {
  readonly stack: string;
  readonly stacks: readonly DeployedStack[];
  readonly warnings: readonly string[];
}

/** Plugins of clouds by edition. */
export const cloudsOf: Readonly<Record<Edition, readonly CloudName[]>> = {
  community: [],
  starter: ["hcloud", "cloudflare"],
  pro: ["hcloud", "cloudflare"],
  "enterprise-global": ["aws"],
  "enterprise-region": ["aws"],
};

/** Whether the name stands for a stack of another edition than community, or for an enterprise installation. */
export async function isOfClouds(ctx: CliContext, name: string): Promise<boolean> {
  const installation = await ctx.existingInstallation();
  const configured = installation === null ? [] : await configuredStacks(installation);
  if (installation === null || !configured.includes(name)) return configured.includes(`${name}${globalSuffix}`);
  return (await readStackConfig(installation, name)).entries()["edition"] !== "community";
}

/**
 * Makes the infrastructure of a stack, or of all stacks of an enterprise installation in their order, one after the other: a
 * failed one ends the run, and the same command goes on there. Before anything is bought it says what, and asks.
 */
export async function deployClouds(ctx: CliContext, name: string): Promise<DeployedClouds> {
  const { installation, stacks, warnings } = await checkConfiguration(ctx, name);
  await prepareClouds(ctx, stacks);
  const deployed: DeployedStack[] = [];
  for (const one of stacks) {
    const make = async (): Promise<DeployedStack> => {
      const planned = plannedChanges(await planStack(ctx, installation, one));
      const changes = Object.keys(planned).some((op) => op !== "same");
      if (changes && !(await ctx.confirm(`${one.stack}: ${inWords(planned)}. Go on?`)))
        throw new CliError("nothing was changed", { code: "declined" });
      return makeStack(ctx, installation, one, `./fidus up ${name}`);
    };
    deployed.push(await withStackLock(installation, one.stack, make));
  }
  return { stack: name, stacks: deployed, warnings };
}

type NamedStack = Pick<CheckedStack, "stack" | "edition">;

/** The engine, and the plugins of the stacks' clouds. */
export function prepareClouds(ctx: CliContext, stacks: readonly NamedStack[]): Promise<void> {
  const clouds = [...new Set(stacks.flatMap(({ edition }) => cloudsOf[edition]))].sort();
  return ctx.progress.step("toolchain", async (step) => void (await prepareToolchain(ctx, step, clouds)));
}

/** What the next `up` of the stack would do, after what a killed run left has been settled. */
export async function planStack(ctx: CliContext, installation: Installation, checked: CheckedStack): Promise<RecordedPreview> {
  const { stack, edition } = checked;
  await requireOwnHost(ctx, checked);
  const engine = pulumiEngine(ctx, installation, stack);
  const config = await openStackConfig(ctx.paths, installation, stack, edition);
  const { signal, progress } = ctx;
  return progress.step(`${stack}: plan`, async (step) => {
    await settleEngineLocks(installation, stack, { signal, update: step.update });
    await engine.ensureStack(config);
    const adopted = await settlePendingCreates(ctx, installation, engine, stack);
    if (adopted.length > 0) ctx.notice(`  taken over from a run that was killed: ${adopted.join(", ")}`);
    return engine.preview();
  });
}

/** Makes what was planned; `again` is the command that goes on after a failure. */
export async function makeStack(
  ctx: CliContext,
  installation: Installation,
  { stack, edition }: NamedStack,
  again: string,
): Promise<DeployedStack> {
  const engine = pulumiEngine(ctx, installation, stack);
  const changes = await ctx.progress.step(`${stack}: up`, async (step) => {
    try {
      return await upWithTypesInStock(engine, stack, resourceProgress(step), (text) => ctx.notice(text));
    } catch (error) {
      if (!(error instanceof CliError) || error.code !== "engine-failed") throw error;
      const problems = error.problems.map((problem) => ({ ...problem, fix: again }));
      const fix = `What was made is kept in the state. After the repair: ${again}`;
      throw new CliError(error.message, { code: error.code, problems, fix, cause: error });
    }
  });
  const url = (await engine.outputs())?.["url"];
  return { stack, edition, changes, url: typeof url === "string" ? url : null };
}

/** `create 27, update 2`. */
export function inWords(changes: Changes): string {
  const words = Object.entries(changes).flatMap(([op, count]) => (op === "same" || count === 0 ? [] : [`${op} ${count}`]));
  return words.length === 0 ? "no change" : words.join(", ");
}
