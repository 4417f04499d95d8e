import type { Command } from "commander";
import type { ExitCode } from "./errors.ts";
import type { Installation } from "./installation.ts";
import type { Paths } from "./paths.ts";
import type { Progress } from "./progress.ts";

/** What a command gets: it reads no `process.env`, `process.argv` or stdout by itself, so tests can give their own. */
export interface CliContext {
  /** Version of this checkout, from package.json. */
  readonly version: string;
  readonly paths: Paths;
  readonly env: NodeJS.ProcessEnv;
  /** Aborted by the first SIGINT or SIGTERM; a second one ends the process with exit 1. */
  readonly signal: AbortSignal;
  /** `--json`: exactly one JSON document on stdout. Valid once the command's action runs, as the next two. */
  readonly json: boolean;
  /** `--verbose`: output of the programs behind the steps, stacks of errors. */
  readonly verbose: boolean;
  /** `--yes`: every question is answered with yes. */
  readonly yes: boolean;
  /** Steps with elapsed time, always on stderr. */
  readonly progress: Progress;
  /** This checkout's installation, created at first use; the same object at every call. */
  installation(): Promise<Installation>;
  /** This checkout's installation if it exists: for commands that must not create one. */
  existingInstallation(): Promise<Installation | null>;
  /** A result for people, on stdout; nothing with `--json`. */
  print(text: string): void;
  /** A result for programs, on stdout; nothing without `--json`. */
  printJson(value: unknown): void;
  /** A warning or remark, on stderr. */
  notice(text: string): void;
  /** Asks on the terminal. `--yes` answers yes; without a terminal it throws exit 2 and names `--yes`. */
  confirm(question: string): Promise<boolean>;
  /** The exit code of a command that printed its result and yet did not succeed. @default 0 */
  setExitCode(code: ExitCode): void;
}

/** What every file in `cli/commands` exports as `register`. */
export type Register = (program: Command, ctx: CliContext) => void;
