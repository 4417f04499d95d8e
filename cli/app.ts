import { readFileSync } from "node:fs";
import { createInterface } from "node:readline/promises";
import { join } from "node:path";
import { CommanderError, type Command } from "commander";
import { commands } from "./commands/index.ts";
import type { CliContext } from "./context.ts";
import { CliError, describeError, renderError, type ExitCode } from "./errors.ts";
import { ensureInstallation, findInstallation, type Installation } from "./installation.ts";
import { checkoutFolder, resolvePaths } from "./paths.ts";
import { createProgram, parserProblem } from "./program.ts";
import { createProgress } from "./progress.ts";
import { plainJson } from "../infra/core/json.ts";

/** Time that commands get to stop in order after the first signal, in milliseconds. */
const stopGraceMs = 90_000;

/** Runs one command line of this process; the exit code is 0, 1, 2 or 3, whatever happens. */
export async function run(argv: readonly string[]): Promise<ExitCode> {
  const result: { code: ExitCode } = { code: 0 };
  const wantsJson = argv.includes("--json");
  const signal = stopSignal();
  // `./fidus status | head` closes the pipe early; the command itself still ends as it should.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", ignoreClosedPipe);
  try {
    const program = createProgram({ version: readVersion(), commands, write: (text) => process.stdout.write(text) }, (tree) =>
      processContext(tree, signal, (code) => (result.code = code)),
    );
    if (argv.length === 0) program.outputHelp();
    else await program.parseAsync(argv, { from: "user" });
    return result.code;
  } catch (thrown) {
    const error = thrown instanceof CommanderError ? parserProblem(thrown, argv) : stopReason(thrown, signal);
    return error === null ? 0 : fail(error, wantsJson, argv.includes("--verbose") || argv.includes("-v"));
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") throw error;
}

/** Whatever a stopped program reports, the operator's signal is why. */
function stopReason(thrown: unknown, signal: AbortSignal): unknown {
  const aborted =
    thrown instanceof Error && (thrown.name === "AbortError" || ("isCanceled" in thrown && thrown.isCanceled === true));
  return signal.aborted && aborted ? signal.reason : thrown;
}

function fail(error: unknown, json: boolean, verbose: boolean): ExitCode {
  const { report, exitCode } = describeError(error);
  process.stderr.write(`${renderError(report)}\n`);
  if (verbose && error instanceof Error)
    process.stderr.write(`${error.stack ?? ""}\n${error.cause instanceof Error ? (error.cause.stack ?? "") : ""}\n`);
  if (json) process.stdout.write(`${plainJson({ error: report })}\n`);
  return exitCode;
}

/** First signal: abort, so that a command can leave things in order. Second signal, or a command that never ends: exit 1. */
function stopSignal(): AbortSignal {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) process.exit(1);
    process.stderr.write(`fidus: ${name}, stopping (again: at once)\n`);
    setTimeout(() => process.exit(1), stopGraceMs).unref();
    controller.abort(new CliError(`stopped by ${name}`, { code: "stopped", fix: "The same command goes on where it stopped." }));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop).on("SIGHUP", stop);
  return controller.signal;
}

function processContext(program: Command, signal: AbortSignal, setExitCode: (code: ExitCode) => void): CliContext {
  const { env } = process;
  const paths = resolvePaths(env);
  const notice = (text: string): void => progress.note(text);
  const progress = createProgress({ stream: process.stderr, tty: process.stderr.isTTY === true && env["TERM"] !== "dumb" });
  let installation: Promise<Installation> | null = null;
  const flag = (name: string): boolean => program.opts()[name] === true;
  return {
    version: program.version() ?? "",
    paths,
    env,
    signal,
    progress,
    get json() {
      return flag("json");
    },
    get verbose() {
      return flag("verbose");
    },
    get yes() {
      return flag("yes");
    },
    installation: () => (installation ??= ensureInstallation({ paths, env, notice })),
    existingInstallation: () => findInstallation({ paths, env, notice }),
    print: (text) => void (flag("json") || process.stdout.write(`${text}\n`)),
    printJson: (value) => void (flag("json") && process.stdout.write(`${plainJson(value)}\n`)),
    notice,
    confirm: (question) => (flag("yes") ? Promise.resolve(true) : ask(question, signal)),
    setExitCode,
  };
}

async function ask(question: string, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new CliError(`${question} There is no terminal to ask on.`, {
      exitCode: 2,
      code: "needs-yes",
      fix: "Add --yes to answer yes.",
    });
  }
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await terminal.question(`${question} [y/N] `, { signal })).trim());
  } finally {
    terminal.close();
  }
}

function readVersion(): string {
  const parsed: unknown = JSON.parse(readFileSync(join(checkoutFolder, "package.json"), "utf8"));
  return typeof parsed === "object" && parsed !== null && "version" in parsed ? String(parsed.version) : "0.0.0";
}
