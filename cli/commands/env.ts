import type { Command } from "commander";
import type { CliContext } from "../context.ts";
import { engineEnvironment } from "../engine-env.ts";
import { wrongInput } from "../errors.ts";
import { hostApp } from "../host-app.ts";
import { examples } from "../program.ts";
import { openSession } from "../session.ts";
import { checkStackName, configuredStacks, defaultStack, globalSuffix } from "../stacks.ts";

/** Shells that `./fidus env` can write for. */
const shells = { posix: posixExport, fish: fishExport } as const satisfies Record<
  string,
  (name: string, value: string) => string
>;
type Shell = keyof typeof shells;

/** `./fidus env [stack]`: the variables with which a plain `pulumi` works on this installation. */
export function register(program: Command, ctx: CliContext): void {
  program
    .command("env")
    .description("print the variables that let a plain `pulumi` work on this installation")
    .argument("[stack]", `stack whose config is used; default: the only one there is, else ${defaultStack}`)
    .option(
      "--app",
      "in their place: what the app, or a program of yours, needs on this host with `services: dependencies`",
      false,
    )
    .option("--shell <shell>", `syntax: ${Object.keys(shells).join(" or ")}`, "posix")
    .addHelpText(
      "after",
      examples([
        'eval "$(./fidus env)" && pulumi preview --stack community',
        "./fidus env --shell fish | source",
        "./fidus env community --json",
        'eval "$(./fidus env --app)" && psql "$DATABASE_URL"',
      ]),
    )
    .action(async (stack: string | undefined, { shell, app }: { shell: string; app: boolean }) =>
      printEnvironment(ctx, stack, checkShell(shell), app),
    );
}

async function printEnvironment(ctx: CliContext, asked: string | undefined, shell: Shell, app: boolean): Promise<void> {
  const given = asked === undefined ? null : checkStackName(asked);
  const installation = await ctx.installation();
  const configured = await configuredStacks(installation);
  const stack = meantStack(given, configured);
  if (stack !== defaultStack && !configured.includes(stack)) ctx.notice(`There is no stack ${stack} yet. ./fidus init --help`);
  if (app) return printVariables(ctx, (await hostApp(ctx, await openSession(ctx, stack))).env, shell);
  printVariables(ctx, { ...engineEnvironment(ctx.paths, installation, stack, ctx.env) }, shell);
  // It would win over the file.
  ctx.print(shell === "fish" ? "set -e PULUMI_CONFIG_PASSPHRASE" : "unset PULUMI_CONFIG_PASSPHRASE");
}

function printVariables(ctx: CliContext, variables: Readonly<Record<string, string>>, shell: Shell): void {
  ctx.printJson(variables);
  for (const [name, value] of Object.entries(variables)) ctx.print(shells[shell](name, value));
}

/** The stack whose config is used. Throws exit 2 when several could be meant. */
function meantStack(given: string | null, configured: readonly string[]): string {
  const [first = defaultStack, ...more] = configured;
  const several = more.length > 0 && !configured.includes(defaultStack);
  const members = configured.filter((stack) => stack.startsWith(`${given ?? ""}-`));
  const isGroup = given !== null && !configured.includes(given) && configured.includes(`${given}${globalSuffix}`);
  if (isGroup || (given === null && several)) {
    const choice = isGroup ? members : configured;
    const fix = `./fidus env ${choice[0] ?? ""}`;
    throw wrongInput("which stack is not clear", [
      { path: "stack", got: given ?? undefined, rule: `one of ${choice.join(", ")}`, fix },
    ]);
  }
  return given ?? (more.length === 0 ? first : defaultStack);
}

function checkShell(name: string): Shell {
  if (name === "posix" || name === "fish") return name;
  throw wrongInput("that shell is not known", [
    { path: "--shell", got: name, rule: `one of ${Object.keys(shells).join(", ")}`, fix: "bash, zsh, dash and ksh read posix." },
  ]);
}

/** Single quotes protect all but the quote itself, in every POSIX shell. */
function posixExport(name: string, value: string): string {
  return `export ${name}='${value.replaceAll("'", "'\\''")}'`;
}

/** In fish's single quotes a backslash escapes the quote and itself; PATH is a list there. */
function fishExport(name: string, value: string): string {
  const quote = (text: string): string => `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
  return `set -gx ${name} ${name === "PATH" ? value.split(":").map(quote).join(" ") : quote(value)}`;
}
