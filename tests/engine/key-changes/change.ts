import type { KeyName } from "../../../infra/config/keys.ts";
import type { RecordedName } from "../recorded-stacks.ts";

/**
 * What one changed key must do to a stack: operations on what is bought; `labelled` = an update of everything that carries
 * labels or tags; `refused` = the plan is refused, for these protected resources or with this text.
 */
export type Does = readonly string[] | "labelled" | { readonly refused: readonly string[] | RegExp };

export interface KeyChange {
  readonly key: KeyName;
  /** null takes the key away. */
  readonly value: string | null;
  readonly does: Does;
}

/** Keys that are changed in one preview: what each of them does can be told from what the others do. */
export interface KeyRun {
  readonly stack: RecordedName;
  readonly changes: readonly KeyChange[];
  /** What the changes need beside them, and what does nothing itself. */
  readonly with?: Readonly<Record<string, string | null>>;
}

export const change = (key: KeyName, value: string | null, ...operations: string[]): KeyChange => ({
  key,
  value,
  does: operations,
});
export const labelled = (key: KeyName, value: string): KeyChange => ({ key, value, does: "labelled" });
export const refused = (key: KeyName, value: string, why: readonly string[] | RegExp): KeyChange => ({
  key,
  value,
  does: { refused: why },
});
export const each = (operation: string, names: string): string[] => names.split(" ").map((name) => `${operation} ${name}`);
