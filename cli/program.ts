import { Command, type AddHelpTextContext, type CommanderError } from "commander";
import type { CliContext, Register } from "./context.ts";
import { wrongInput, type CliError } from "./errors.ts";
import { singleValued } from "./single-valued.ts";

/** What the process gives the program; tests give their own. */
export interface ProgramOptions {
  readonly version: string;
  readonly commands: readonly Register[];
  readonly write: (text: string) => void;
}

/** The command tree. Global options may stand before or after the command. */
export function createProgram({ version, commands, write }: ProgramOptions, context: (program: Command) => CliContext): Command {
  const program = new Command("fidus")
    .usage("<command> [options]")
    .description("Your own private AI assistant platform: chat page, OpenAI-compatible API, local model, PostgreSQL, Redis.")
    .version(version, "-V, --version", "print the version")
    .option("--json", "print one JSON document on stdout", false)
    .option("-v, --verbose", "show the output of the programs behind each step", false)
    .option("-y, --yes", "answer every question with yes", false)
    .helpOption("-h, --help", "show help and examples")
    .configureHelp({ showGlobalOptions: true })
    // Messages are printed once, in the house form, by whoever runs the program.
    .configureOutput({ writeOut: write, writeErr: () => {}, outputError: () => {} })
    .exitOverride()
    .addHelpText(
      "after",
      examples([
        "npm start                       # the community edition on this machine",
        "./fidus up community",
        "./fidus status community --json",
        "./fidus doctor",
      ]),
    );
  const ctx = context(program);
  for (const register of commands) register(program, ctx);
  singleValued(program);
  program.on("beforeAllHelp", refuseUnknownCommand);
  return program;
}

/** With --help the parser shows the help of the command that it knows, whatever unknown name follows. */
function refuseUnknownCommand({ command, error }: AddHelpTextContext): void {
  const [name = ""] = command.args;
  if (error || command.commands.length === 0 || ["", "help"].includes(name) || name.startsWith("-")) return;
  command.error(`error: unknown command '${name}'`, { code: "commander.unknownCommand" });
}

/** Help text under a command: `addHelpText("after", examples(["./fidus down community"]))`. */
export function examples(lines: readonly string[]): string {
  return `\nExamples:\n${lines.map((line) => `  ${line}`).join("\n")}`;
}

/** The parser's complaint in the house form; null when it only showed help or the version. */
export function parserProblem(error: CommanderError, argv: readonly string[]): CliError | null {
  if (error.exitCode === 0) return null;
  const [message = "", ...hints] = error.message.replace(/^error: /, "").split("\n");
  const hint = hints.join(" ").replace(/^\((.*)\)$/, "$1");
  // A command that only holds others ends with its help and this text.
  const why = message === "(outputHelp)" ? "which of its commands is missing" : message;
  return wrongInput("the command line is not understood", [
    {
      path: "arguments",
      got: argv.join(" "),
      rule: `a known command and its options (${why})`,
      fix: hint === "" ? "./fidus --help" : `${hint} ./fidus --help`,
    },
  ]);
}
