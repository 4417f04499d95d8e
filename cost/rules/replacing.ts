import overrides from "./replace-overrides.json" with { type: "json" };
import facts from "./replace-rules.json" with { type: "json" };

/** Which changes replace a resource of a type. */
export interface ReplaceRule {
  /** Inputs whose change replaces; with dots only that nested field does. */
  readonly replace: readonly string[];
  readonly deleteBeforeReplace: boolean | null;
  /** "source" where the provider's source was read. */
  readonly confidence: string;
  /** Inputs outside of what was read. */
  readonly unsureFields?: readonly string[];
}

/** By type: the facts as they were handed over, and the rows that were added since. */
export const replaceRules = { ...facts.types, ...overrides.types } as Readonly<Record<string, ReplaceRule>>;

const inPlace = overrides.inPlace as Readonly<Record<string, Readonly<Record<string, string>>>>;

/** The first step of an input's path: `publicNets[0].ipv4` → `publicNets`. */
export function topOf(path: string): string {
  return path.split(/[.[]/)[0] ?? path;
}

/**
 * True where a type has no row, a doubtful one, or the input is none that its source had: then nobody knows whether a change of it
 * replaces. What a later source was read for is no guess.
 */
export function isGuess(type: string, path: string): boolean {
  const rule = replaceRules[type];
  if (rule === undefined) return true;
  const top = topOf(path);
  if (Object.hasOwn(inPlace[type] ?? {}, top)) return false;
  return rule.confidence !== "source" || (rule.unsureFields ?? []).includes(top);
}
