import { problemUnless, type Problem } from "../core/errors.ts";
import type { EnvironmentName } from "./keys/common.ts";

/** Fewest characters of a secret outside of development. */
const fewest = 16;

/**
 * Development may do with a basic key; what guards other people's data, and the staging that rehearses it, must be one that
 * nobody guesses. One Problem, or [] when it is long enough. The value itself is never shown.
 */
export function strengthProblems(environment: EnvironmentName, path: string, value: string, fix: string): Problem[] {
  const { length } = value.trim();
  return problemUnless(environment === "development" || length >= fewest, {
    path,
    got: `a secret of ${length}`,
    rule: `${fewest} characters or more in environment ${environment}`,
    fix,
  });
}
