import { formatProblem, InvalidInputError, type Problem } from "../infra/core/errors.ts";
import { ImageError } from "../infra/images/build-failure.ts";
import { ToolchainError } from "../toolchain/errors.ts";

/** What every command ends with: 0 done, 1 failure, 2 wrong input, 3 over budget or forbidden by a guard. */
export type ExitCode = 0 | 1 | 2 | 3;

export interface CliErrorOptions {
  /** @default 1 */
  readonly exitCode?: Exclude<ExitCode, 0>;
  /** Stable word for programs that read `--json`. @default "failed" */
  readonly code?: string;
  /** Broken rules, printed one per line after the message. @default [] */
  readonly problems?: readonly Problem[];
  /** Command or sentence that repairs it. @default null */
  readonly fix?: string | null;
  /** The error behind this one; its stack is shown with `--verbose`. */
  readonly cause?: unknown;
}

/** A failure that the operator can read: the message, what repairs it, and the exit code. */
export class CliError extends Error {
  readonly exitCode: Exclude<ExitCode, 0>;
  readonly code: string;
  readonly problems: readonly Problem[];
  readonly fix: string | null;

  constructor(message: string, { exitCode = 1, code = "failed", problems = [], fix = null, cause }: CliErrorOptions = {}) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = "CliError";
    this.exitCode = exitCode;
    this.code = code;
    this.problems = problems;
    this.fix = fix;
  }
}

/** Exit 2: something the operator typed or wrote is wrong. One sentence for `subject`, one line per problem. */
export function wrongInput(subject: string, problems: readonly Problem[], code = "wrong-input"): CliError {
  return new CliError(subject, { exitCode: 2, code, problems });
}

/** Exit 1: the host, the engine or a file is not as it must be. One sentence for `subject`, one line per problem. */
export function cannotGoOn(subject: string, problems: readonly Problem[], code = "failed"): CliError {
  return new CliError(subject, { exitCode: 1, code, problems });
}

/** What `--json` prints on failure, under the key `error`. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly problems: readonly Problem[];
  readonly fix: string | null;
}

/** Any thrown value as (report, exit code): InvalidInputError is 2, an unknown error is 1. */
export function describeError(error: unknown): { readonly report: ErrorReport; readonly exitCode: Exclude<ExitCode, 0> } {
  if (error instanceof CliError) {
    const { code, message, problems, fix, exitCode } = error;
    return { report: { code, message, problems, fix }, exitCode };
  }
  if (error instanceof InvalidInputError) {
    const [message = error.message] = error.message.split("\n", 1);
    return { report: { code: "wrong-input", message, problems: error.problems, fix: null }, exitCode: 2 };
  }
  if (error instanceof ImageError) {
    const { message, problems } = error;
    return { report: { code: "image", message, problems, fix: null }, exitCode: 1 };
  }
  if (error instanceof ToolchainError) {
    const report = {
      code: `toolchain-${error.kind}`,
      message: "The toolchain is not complete",
      problems: error.problems,
      fix: null,
    };
    return { report, exitCode: 1 };
  }
  const message = error instanceof Error ? error.message : String(error);
  return { report: { code: "failed", message, problems: [], fix: null }, exitCode: 1 };
}

/** The report as lines for a terminal: message, one line per problem, then the repair. */
export function renderError({ message, problems, fix }: ErrorReport): string {
  const lines = [`fidus: ${message}`, ...problems.map((problem) => `  ${formatProblem(problem)}`)];
  if (fix !== null) lines.push(`  ${fix}`);
  // The engine is seldom on the PATH, and without these variables it would look for another state. A message may name the stack.
  if (problems.some((problem) => /\bpulumi config\b/.test(problem.fix)) && !message.includes("./fidus env"))
    lines.push('  Before a pulumi command: eval "$(./fidus env)"');
  return lines.join("\n");
}
