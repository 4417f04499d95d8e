import { formatProblem, type Problem } from "../infra/core/errors.ts";

/** The toolchain could not be made complete; the message is one or more lines in the house form. */
export class ToolchainError extends Error {
  /** "integrity": bytes that must not be used. "unavailable": every way failed. "broken": a part does not run. */
  readonly kind: "integrity" | "unavailable" | "broken";
  readonly problems: readonly Problem[];

  constructor(kind: ToolchainError["kind"], problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join("\n"), options);
    this.name = "ToolchainError";
    this.kind = kind;
    this.problems = problems;
  }
}

/** A way that cannot give a part here; the next way is tried. Its message is a reason without the part's name. */
export class WayClosedError extends Error {
  constructor(reason: string, options?: ErrorOptions) {
    super(reason, options);
    this.name = "WayClosedError";
  }
}

/** First line of whatever was thrown. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split("\n")[0] ?? text;
}
