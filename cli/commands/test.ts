import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { wrongInput } from "../errors.ts";
import { examples } from "../program.ts";

/** `./fidus test [tier…] [-- vitest arguments]`: the tests of this checkout, and what they need. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("test")
    .description("run the tests; installs what they need where it may (root on Debian)")
    .argument("[words...]", "tiers to run, default all; after -- arguments for vitest")
    .option("--list", "print the tiers and what they need", false)
    .addHelpText(
      "after",
      examples([
        "npm test                          # every tier that can run here",
        "npm test -- unit",
        "./fidus test unit render",
        "./fidus test unit -- infra/core -t checksum",
        "CI=true ./fidus test              # a tier that cannot run is a failure",
      ]),
    )
    .action(async (_words: string[], options: { list: boolean }, command: Command) => {
      if (options.list) await listTiers(ctx);
      else await runTiers(ctx, splitWords(command));
    });
}

interface Words {
  readonly names: readonly string[];
  readonly vitestArgs: readonly string[];
}

/** The parser drops the `--` itself; what stood behind it is told apart by the raw arguments. */
function splitWords(command: Command): Words {
  const raw = command.parent === null ? [] : rawArguments(command.parent);
  const at = raw.indexOf("--");
  const behind = at === -1 ? 0 : raw.length - at - 1;
  const words = command.args;
  return { names: words.slice(0, words.length - behind), vitestArgs: words.slice(words.length - behind) };
}

/** What the program was started with; `rawArgs` is documented but not in the parser's types. */
function rawArguments(program: Command): readonly string[] {
  const raw: unknown = Reflect.get(program, "rawArgs");
  return Array.isArray(raw) ? raw.map(String) : [];
}

async function listTiers(ctx: CliContext): Promise<void> {
  const { tierNames, tiers } = await import("../../tests/tiers.ts");
  ctx.printJson(tiers);
  const needs = (name: (typeof tierNames)[number]): string => tiers[name].needs.join(", ");
  ctx.print(
    tierNames
      .map((name) => `${name.padEnd(8)} ${tiers[name].about}${needs(name) === "" ? "" : ` (needs ${needs(name)})`}`)
      .join("\n"),
  );
}

async function runTiers(ctx: CliContext, { names, vitestArgs }: Words): Promise<void> {
  // Loaded here: no other command needs what tests need.
  const { isTierName, tierNames } = await import("../../tests/tiers.ts");
  const unknown = names.filter((name) => !isTierName(name));
  if (unknown.length > 0) {
    const rule = `one of ${tierNames.join(", ")}`;
    throw wrongInput(
      "there is no such tier",
      unknown.map((got) => ({ path: "tier", got, rule, fix: "./fidus test --list; file filters stand after --" })),
    );
  }
  const { runTests } = await import("../../tests/run.ts");
  const { mayInstall } = await import("../../tests/needs.ts");
  const chosen = names.filter(isTierName);
  const ok = await runTests({
    root: ctx.paths.checkout,
    tiers: chosen.length === 0 ? tierNames : tierNames.filter((name) => chosen.includes(name)),
    vitestArgs,
    strict: ctx.env["CI"] === "true",
    machine: { env: ctx.env, canInstall: mayInstall(), log: ctx.notice, signal: ctx.signal },
    print: (text) => void process.stdout.write(`${text}\n`),
  });
  ctx.setExitCode(ok ? 0 : 1);
}
