/** One broken rule: where, what was given, what is allowed, and the command or sentence that repairs it. */
export interface Problem {
  readonly path: string;
  readonly got: unknown;
  readonly rule: string;
  readonly fix: string;
}

/** [] when `ok`, else the one problem: lets checks read as a list of facts. */
export function problemUnless(ok: boolean, problem: Problem): Problem[] {
  return ok ? [] : [problem];
}

/** `path: got value; needs rule. fix`: the house form, one line. */
export function formatProblem({ path, got, rule, fix }: Problem): string {
  return `${visible(path)}: got ${visible(show(got))}; needs ${rule}. ${fix}`;
}

/** Wrong input from the operator: every problem at once, one line each. */
export class InvalidInputError extends Error {
  /** The engine prints an error so marked without a stack (the SDK's RunError, which would cost its whole load time). */
  readonly __pulumiRunError = true;
  readonly problems: readonly Problem[];

  constructor(subject: string, problems: readonly Problem[]) {
    super(
      [`${subject}: ${problems.length === 1 ? "1 problem" : `${problems.length} problems`}`, ...problems.map(formatProblem)].join(
        "\n  ",
      ),
    );
    this.name = "InvalidInputError";
    this.problems = problems;
  }
}

/** Throws one InvalidInputError that carries all problems, or returns when there are none. */
export function throwIfAny(subject: string, problems: readonly Problem[]): void {
  if (problems.length > 0) throw new InvalidInputError(subject, problems);
}

/** A path and what was given may be anybody's text: nothing of it moves a terminal, begins a line or turns the text around. */
function visible(text: string): string {
  // eslint-disable-next-line no-control-regex -- these are what must not get through
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, "·");
}

function show(value: unknown): string {
  if (value === undefined) return "nothing";
  return typeof value === "string" || (typeof value === "object" && value !== null) ? JSON.stringify(value) : String(value);
}
