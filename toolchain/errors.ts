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
  /** Nothing to tell the user: they never had this way, or were told once for all parts. */
  readonly quiet: boolean;

  constructor(reason: string, options: ErrorOptions & { quiet?: boolean } = {}) {
    super(reason, options);
    this.name = "WayClosedError";
    this.quiet = options.quiet ?? false;
  }
}

/** First line of whatever was thrown. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.split("\n")[0] ?? text;
}

const diskCodes = ["EACCES", "EDQUOT", "EIO", "ENOSPC", "ENOTDIR", "EPERM", "EROFS"];

/** True for errors of this machine's disk: no other source of a part would help against them. */
export function isDiskError(error: unknown): error is NodeJS.ErrnoException {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "string" &&
    "path" in error &&
    diskCodes.includes(error.code)
  );
}

/** The toolchain's folder cannot be used. */
export function diskError(root: string, error: NodeJS.ErrnoException): ToolchainError {
  const fix = `Free some space, or choose another folder: export XDG_CACHE_HOME=/path/to/a/larger/disk`;
  const problem = { path: error.path ?? root, got: error.code, rule: "a folder that can be written, with 4 GB free", fix };
  return new ToolchainError("broken", [problem], { cause: error });
}
