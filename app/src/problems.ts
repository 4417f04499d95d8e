/** One broken rule: where, what was given, what is allowed, and how to repair it. */
export interface Problem {
  readonly path: string;
  readonly got: unknown;
  readonly rule: string;
  readonly fix: string;
}

/** Renders a problem as `path: got value; needs rule. fix`. */
export function problemText({ path, got, rule, fix }: Problem): string {
  const shown = got === undefined ? "nothing" : JSON.stringify(got);
  return `${path}: got ${shown}; needs ${rule}. ${fix}`;
}

/** Thrown for wrong input (configuration, arguments): all problems at once, one line each. The process exits 2. */
export class InvalidInputError extends Error {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(problemText).join("\n"));
    this.name = "InvalidInputError";
    this.problems = problems;
  }
}

/** Throws {@link InvalidInputError} unless the list is empty. */
export function throwIfAny(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new InvalidInputError(problems);
}
