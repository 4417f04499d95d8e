import type { Command } from "commander";
import { missingSettings } from "../../infra/config/document.ts";
import { configWarnings } from "../../infra/config/rules.ts";
import { nearest } from "../../infra/config/values.ts";
import type { CliContext } from "../context.ts";
import { pulumiEngine } from "../engine.ts";
import { wrongInput } from "../errors.ts";
import { prepareToolchain } from "../host-check.ts";
import type { Installation } from "../installation.ts";
import { checkNewName, newStacks, parseEnvironment, parseRegions, type NewEnvironment, type NewStack } from "../new-stacks.ts";
import { examples } from "../program.ts";
import { openStackConfig, readStackConfig } from "../stack-config.ts";
import { withStackLock } from "../stack-lock.ts";
import { configuredStacks, products, type Product } from "../stacks.ts";

interface Flags {
  readonly name: string;
  readonly env: string;
  readonly regions?: string;
  readonly witness?: string;
}

/** A stack that was made, and the commands that set what it still needs. */
interface MadeStack {
  readonly stack: string;
  readonly edition: string;
  readonly file: string;
  readonly next: readonly string[];
}

const standardRegions = "eu-central-1,eu-west-1";
const standardWitness = "eu-north-1";

/** `./fidus init EDITION --name STACK`: a new environment of an edition, kept outside the checkout. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("init")
    .description("make a new environment of an edition and say what must be set next; deploys nothing")
    .argument("<edition>", `one of ${products.join(", ")}`)
    .requiredOption("--name <stack>", "name of the stack; enterprise adds -global and the regions to it")
    .option("--env <environment>", "dev, staging or prod: the same program with other settings", "prod")
    .option("--regions <regions>", `enterprise: the two regions, the writing one first (default: ${standardRegions})`)
    .option("--witness <region>", `enterprise: the third region, which decides who may write (default: ${standardWitness})`)
    .addHelpText(
      "after",
      examples([
        "./fidus init starter --name acme",
        "./fidus init pro --name acme-staging --env staging",
        "./fidus init enterprise --name acme --regions eu-central-1,eu-west-1",
        "./fidus init starter --name acme --json | jq -r '.stacks[].next[]'",
      ]),
    )
    .action(async (edition: string, flags: Flags) => init(ctx, edition, flags));
}

async function init(ctx: CliContext, edition: string, { name, env, regions, witness }: Flags): Promise<void> {
  const product = parseProduct(edition);
  if (product !== "enterprise") refuseRegions(product, regions ?? witness);
  const asked = {
    product,
    name,
    environment: parseEnvironment(env),
    ...parseRegions(regions ?? standardRegions, witness ?? standardWitness),
  };
  checkNewName(asked, [], products);
  const installation = await ctx.installation();
  const made = await withStackLock(installation, name, () => makeAll(ctx, installation, asked));
  const warnings = configWarnings({ primaryRegion: asked.regions[0], secondaryRegion: asked.regions[1] });
  const notes = product === "enterprise" ? warnings : [];
  ctx.printJson({ name, edition: product, environment: asked.environment, stacks: made, warnings: notes });
  for (const note of notes) ctx.notice(`  ${note}`);
  ctx.print(made.map(summary).join("\n"));
  ctx.print(`\nThen: ./fidus ${product === "community" ? "up" : "config check"} ${name}`);
}

async function makeAll(ctx: CliContext, installation: Installation, asked: NewEnvironment): Promise<MadeStack[]> {
  checkNewName(asked, await configuredStacks(installation), products);
  const planned = newStacks(asked, installation.id);
  for (const { stack, edition } of planned) await refuseOtherEdition(installation, stack, edition);
  await ctx.progress.step("toolchain", (step) => prepareToolchain(ctx, step));
  return ctx.progress.step("stacks", async (step) => {
    const made: MadeStack[] = [];
    for (const stack of planned) {
      step.update(stack.stack);
      made.push(await make(ctx, installation, stack));
    }
    return made;
  });
}

/** An interrupted init of enterprise leaves region stacks, which are taken up again; a stack of another edition is somebody's. */
async function refuseOtherEdition(installation: Installation, stack: string, edition: string): Promise<void> {
  if (!(await configuredStacks(installation)).includes(stack)) return;
  const { edition: own } = (await readStackConfig(installation, stack)).entries();
  if (own === edition) return;
  throw wrongInput("that name cannot be used", [
    {
      path: "--name",
      got: stack,
      rule: `a free name; a stack of edition ${own ?? "unknown"} has it`,
      fix: "./fidus init enterprise --name ANOTHER",
    },
  ]);
}

/** The engine makes the stack first: without it no secret could be set. The config follows in one step, so a kill leaves no half. */
async function make(ctx: CliContext, installation: Installation, { stack, edition, entries }: NewStack): Promise<MadeStack> {
  const config = await openStackConfig(ctx.paths, installation, stack, edition);
  config.set(entries);
  await pulumiEngine(ctx, installation, stack).ensureStack(config);
  await config.save();
  const next = missingSettings(edition, config.entries()).map(({ command }) => command);
  return { stack, edition, file: config.file, next: next.length === 0 ? [] : [`eval "$(./fidus env ${stack})"`, ...next] };
}

function summary({ stack, edition, file, next }: MadeStack): string {
  const lines = next.map((command) => `  ${command}`);
  return [`${stack} (${edition}): ${file}`, ...(next.length === 0 ? [] : ["Set next, with values of your own:", ...lines])].join(
    "\n",
  );
}

/** Throws exit 2 when regions were given for an edition that has one place only. */
function refuseRegions(product: Product, given: string | undefined): void {
  if (given === undefined) return;
  throw wrongInput("only enterprise has regions", [
    {
      path: "--regions, --witness",
      got: given,
      rule: `not to be given for ${product}`,
      fix: `./fidus init ${product} --name STACK`,
    },
  ]);
}

/** Throws exit 2 for what is no edition. */
function parseProduct(text: string): Product {
  const found = products.find((product) => product === text);
  if (found !== undefined) return found;
  throw wrongInput("that edition is not known", [
    {
      path: "edition",
      got: text,
      rule: `one of ${products.join(", ")}`,
      fix: `./fidus init ${nearest(text, products) ?? "starter"} --name STACK`,
    },
  ]);
}
