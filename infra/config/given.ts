import { InvalidInputError } from "../core/errors.ts";
import type { Edition } from "./spec.ts";

/** The value of a key that the edition's rules demand: they have seen to it that it is there. */
export function given<T>(edition: Edition, path: string, value: T | null): T {
  if (value !== null) return value;
  throw new InvalidInputError(edition, [{ path, got: undefined, rule: "a value", fix: `pulumi config set ${path} VALUE` }]);
}
