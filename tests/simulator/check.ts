import type { CheckFailure } from "../../toolchain/providers/resource.ts";
import { plain, unknownSentinel, type Wire, type WireMap } from "../../toolchain/providers/values.ts";
import type { ValueRule } from "./rules/types.ts";
import type { Fields, Shape } from "./schema/types.ts";

/** An input that names another resource. */
export interface Reference {
  readonly path: string;
  readonly type: string;
  readonly value: string;
}

/** What a look at the inputs gave. */
export interface Checked {
  readonly failures: readonly CheckFailure[];
  readonly references: readonly Reference[];
}

/**
 * Compares plain inputs with the SDK's types and the confirmed rules. Unknown values pass: they are looked at when they are known.
 * Messages never hold a value, which may be a secret.
 */
export function checkInputs(inputs: WireMap, fields: Fields, rules: Readonly<Record<string, ValueRule>>): Checked {
  const found: Walk = { rules, failures: [], references: [] };
  walkFields(inputs, fields, "", "", found);
  return found;
}

interface Walk {
  readonly rules: Readonly<Record<string, ValueRule>>;
  readonly failures: CheckFailure[];
  readonly references: Reference[];
}

/** `path` is where the value is (`rules[0].port`), `row` the rule's path (`rules[].port`). */
function walkFields(value: WireMap, { fields, required }: Fields, path: string, row: string, found: Walk): void {
  const at = (base: string, key: string): string => (base === "" ? key : `${base}.${key}`);
  for (const key of required) {
    if (isAbsent(value[key])) found.failures.push({ property: at(path, key), reason: "got nothing; needs a value. Set it" });
  }
  for (const [key, child] of Object.entries(value)) {
    const shape = fields[key];
    if (shape === undefined) {
      const allowed = Object.keys(fields).join(", ");
      found.failures.push({ property: at(path, key), reason: `got an unknown name; needs one of ${allowed}. Fix the name` });
    } else if (!isAbsent(child)) {
      walk(child, shape, at(path, key), at(row, key), found);
    }
  }
}

function walk(value: Wire, shape: Shape, path: string, row: string, found: Walk): void {
  if (value === unknownSentinel) return;
  if (!hasShape(value, shape)) {
    found.failures.push({ property: path, reason: `got ${kindOf(value)}; needs ${shapeName(shape)}. Fix the program` });
    return;
  }
  const rule = found.rules[row];
  if (rule) {
    follow(rule, value, path, found);
  } else if (Array.isArray(value)) {
    const element = typeof shape === "object" && "list" in shape ? shape.list : "any";
    value.forEach((child, index) => walk(child, element, `${path}[${index}]`, `${row}[]`, found));
  } else if (typeof shape === "object" && "fields" in shape) {
    walkFields(value as WireMap, shape, path, row, found);
  } else {
    const reason = "the simulated cloud has no confirmed rule for it; needs a row in tests/simulator/rules";
    found.failures.push({ property: path, reason: `${reason}. Read the vendor's documents and add ${row}` });
  }
}

function follow(rule: ValueRule, value: Wire, path: string, found: Walk): void {
  if (!rule.ok(value)) found.failures.push({ property: path, reason: `got another value; needs ${rule.rule}. Fix it` });
  else if (rule.refersTo !== undefined) found.references.push({ path, type: rule.refersTo, value: String(value) });
}

function hasShape(value: Wire, shape: Shape): boolean {
  if (shape === "any") return true;
  if (typeof shape === "string") return typeof value === shape;
  if ("list" in shape) return Array.isArray(value);
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function kindOf(value: Wire): string {
  if (Array.isArray(value)) return "a list";
  return value !== null && typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function shapeName(shape: Shape): string {
  if (typeof shape === "string") return `a ${shape}`;
  if ("list" in shape) return `a list of ${typeof shape.list === "string" ? `${shape.list}s` : "objects"}`;
  return "map" in shape ? "a map" : "an object";
}

function isAbsent(value: Wire | undefined): boolean {
  return value === undefined || value === null;
}

/** A resource's own inputs without marks: no nulls at the top, none of the engine's `__` keys. */
export function plainInputs(wire: WireMap): WireMap {
  const own = Object.entries(wire).filter(([key]) => !key.startsWith("__"));
  return Object.fromEntries(own.map(([key, value]) => [key, plain(value)]).filter(([, value]) => !isAbsent(value as Wire)));
}
