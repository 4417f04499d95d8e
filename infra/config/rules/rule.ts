import { problemUnless, type Problem } from "../../core/errors.ts";

/** Keys that exclude or need each other. `check` runs only when none of the keys it reads has a problem of its own. */
export interface Rule<Config> {
  readonly reads: readonly string[];
  readonly check: (config: Config) => readonly Problem[];
}

/** Names the keys once: `check` sees no others. */
export function rule<Config, const K extends keyof Config & string>(
  reads: readonly K[],
  check: (config: Pick<Config, K>) => readonly Problem[],
): Rule<Config> {
  return { reads, check };
}

/** A key that another setting makes necessary. */
export function needed(path: string, value: unknown, reason: string, fix: string): Problem[] {
  return problemUnless(value !== null, { path, got: undefined, rule: reason, fix });
}

/** A key that another setting makes meaningless or harmful. */
export function unwanted(path: string, value: unknown, reason: string): Problem[] {
  return problemUnless(value === null, { path, got: value, rule: `to be absent: ${reason}`, fix: `pulumi config rm ${path}` });
}
