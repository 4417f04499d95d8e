import { isIPv4 } from "node:net";
import { closest, distance } from "fastest-levenshtein";
import { problemUnless, type Problem } from "../core/errors.ts";
import { keys, type Edition, type KeyName, type KeySpec } from "./keys.ts";

type Spec<K extends KeyName> = (typeof keys)[K];

type Read<S> = S extends { type: "choice"; allowed: readonly (infer V)[] }
  ? V
  : S extends { type: "integer" | "port" }
    ? number
    : S extends { type: "boolean" }
      ? boolean
      : S extends { type: "map" }
        ? Readonly<Record<string, string>>
        : string;

/** The typed value of a key: null only where the table's default is null. */
export type ValueOf<K extends KeyName> = Spec<K> extends { default: null } ? Read<Spec<K>> | null : Read<Spec<K>>;

/** Exactly the keys that edition E may set, typed by the table. */
export type ConfigOf<E extends Edition> = {
  readonly [K in KeyName as E extends Spec<K>["editions"][number] ? K : never]: ValueOf<K>;
};

/** What a parse gives: the values, complete only when `problems` is empty. */
export interface Parsed<E extends Edition> {
  readonly values: ConfigOf<E>;
  readonly problems: readonly Problem[];
}

/**
 * Reads an edition's keys from plain text entries (`{"pagePort": "3000"}`), every problem at once.
 * Throws nothing; an unknown key, a missing one and a malformed one are problems, never silently the default.
 */
export function parseConfig<E extends Edition>(edition: E, entries: Readonly<Record<string, string>>): Parsed<E> {
  const mine = (Object.entries(keys) as [KeyName, KeySpec][]).filter(([, spec]) => spec.editions.includes(edition));
  const names = mine.map(([name]) => name);
  const problems: Problem[] = Object.keys(entries)
    .filter((name) => !names.includes(name as KeyName))
    .map((name) => unknownKey(edition, name, names));
  const values: Record<string, unknown> = {};
  for (const [name, spec] of mine) {
    const read = readKey(name, spec, entries[name]);
    values[name] = read.value;
    problems.push(...read.problems);
  }
  return { values: Object.freeze(values) as ConfigOf<E>, problems };
}

function unknownKey(edition: Edition, name: string, names: readonly string[]): Problem {
  const byLowerCase = new Map(names.map((known) => [known.toLowerCase(), known]));
  const nearest = byLowerCase.get(closest(name.toLowerCase(), [...byLowerCase.keys()])) ?? "";
  const hint = distance(name.toLowerCase(), nearest.toLowerCase()) <= Math.max(1, name.length / 3) ? nearest : null;
  return {
    path: name,
    got: "an unknown key",
    rule: `a key of edition ${edition}${hint === null ? "" : ` (did you mean ${hint}?)`}`,
    fix: `pulumi config rm ${name}`,
  };
}

interface KeyRead {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

function readKey(name: string, spec: KeySpec, text: string | undefined): KeyRead {
  if (text === undefined) {
    const missing = { path: name, got: undefined, rule: ruleOf(spec), fix: missingFix(name, spec) };
    return { value: spec.default, problems: problemUnless(spec.default !== undefined, missing) };
  }
  const value = convert(spec, text);
  const got = spec.secret === true ? "[secret]" : text;
  const problem = { path: name, got, rule: ruleOf(spec), fix: `pulumi config set ${name} ${exampleOf(spec)}` };
  return { value, problems: problemUnless(value !== undefined, problem) };
}

/** The value, or undefined when the text breaks the key's rule. */
function convert(spec: KeySpec, text: string): unknown {
  switch (spec.type) {
    case "choice":
      return spec.allowed?.includes(text) === true ? text : undefined;
    case "integer":
    case "port": {
      const [low, high] = rangeOf(spec);
      const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
      return number >= low && number <= high ? number : undefined;
    }
    case "boolean":
      return text === "true" ? true : text === "false" ? false : undefined;
    case "address":
      return isIPv4(text) ? text : undefined;
    case "url":
      return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol) ? text : undefined;
    case "map":
      return stringMap(text);
    case "string":
      return text.trim() === "" ? undefined : text;
    default:
      return spec.type satisfies never;
  }
}

function stringMap(text: string): Readonly<Record<string, string>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    const isMap = typeof value === "object" && value !== null && !Array.isArray(value);
    return isMap && Object.values(value).every((entry) => typeof entry === "string")
      ? (value as Record<string, string>)
      : undefined;
  } catch {
    return undefined;
  }
}

function rangeOf(spec: KeySpec): readonly [number, number] {
  return spec.range ?? (spec.type === "port" ? [1, 65_535] : [Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
}

/** The key's rule in words, as messages and docs/configuration.md show it. */
export function ruleOf(spec: KeySpec): string {
  switch (spec.type) {
    case "choice":
      return `one of ${(spec.allowed ?? []).join(", ")}`;
    case "integer":
    case "port":
      return `a whole number from ${rangeOf(spec)[0]} to ${rangeOf(spec)[1]}`;
    case "boolean":
      return "true or false";
    case "address":
      return "an IPv4 address of this machine or 0.0.0.0 (IPv6 is not supported)";
    case "url":
      return "an http:// or https:// URL";
    case "map":
      return "a JSON object of texts";
    case "string":
      return "a text that is not empty";
    default:
      return spec.type satisfies never;
  }
}

function exampleOf(spec: KeySpec): string {
  if (spec.default !== undefined && spec.default !== null) return String(spec.default);
  if (spec.type === "choice") return spec.allowed?.[0] ?? "VALUE";
  return "VALUE";
}

function missingFix(name: string, spec: KeySpec): string {
  if (spec.by === "fidus") return "./fidus up community";
  return `pulumi config set ${name} ${exampleOf(spec)}`;
}
