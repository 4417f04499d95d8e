import { problemUnless, type Problem } from "../core/errors.ts";
import { declinedReason } from "./declined.ts";
import type { EnvironmentName } from "./keys/common.ts";
import { keys, keysOf, type KeyName } from "./keys.ts";
import { isSample } from "./samples.ts";
import { sealed } from "./sealed.ts";
import type { Edition, KeySpec } from "./spec.ts";
import { combinationProblems } from "./rules.ts";
import { strengthProblems } from "./strength.ts";
import type { ConfigOf } from "./types.ts";
import { convert, exampleOf, nearest, ruleOf } from "./values.ts";

/** What a parse gives: the values, complete only when `problems` is empty. */
export interface Parsed<E extends Edition> {
  readonly values: ConfigOf<E>;
  readonly problems: readonly Problem[];
}

/**
 * Reads an edition's keys from plain text entries (`{"pagePort": "3000"}`), every problem at once; `secrets` names the
 * entries that are kept encrypted. Throws nothing; an unknown key, a missing one, a malformed one, a secret in plain text
 * and values that exclude each other are problems, never silently the default.
 */
export function parseConfig<E extends Edition>(
  edition: E,
  entries: Readonly<Record<string, string>>,
  secrets: ReadonlySet<string> = new Set(),
): Parsed<E> {
  const mine = keysOf(edition);
  const known = new Set<string>(mine.map(([name]) => name));
  const problems = Object.keys(entries).flatMap((name) => (known.has(name) ? [] : [unknownKey(edition, name, [...known])]));
  const values: Record<string, unknown> = {};
  for (const [name, spec] of mine) {
    const read = readKey(edition, name, spec, entries[name], secrets.has(name));
    values[name] = read.value;
    problems.push(...read.problems);
  }
  const config = Object.freeze(values) as ConfigOf<E>;
  const broken = new Set(problems.map(({ path }) => path));
  problems.push(...combinationProblems(edition, config, broken));
  problems.push(...weakSecrets(edition, config, broken));
  return { values: config, problems };
}

function unknownKey(edition: Edition, name: string, known: readonly string[]): Problem {
  const fix = `pulumi config rm ${name}`;
  const declined = declinedReason(name);
  if (declined !== null) return { path: name, got: "a key that Fidus does not have", rule: declined, fix };
  const meant = nearest(name, known);
  const elsewhere = Object.hasOwn(keys, name) ? keys[name as KeyName].editions.join(", ") : null;
  const hint = elsewhere !== null ? ` (${name} belongs to ${elsewhere})` : meant === null ? "" : ` (did you mean ${meant}?)`;
  return { path: name, got: "an unknown key", rule: `a key of edition ${edition}${hint}`, fix };
}

interface KeyRead {
  readonly value: unknown;
  readonly problems: readonly Problem[];
}

function readKey(edition: Edition, name: string, spec: KeySpec, text: string | undefined, encrypted: boolean): KeyRead {
  if (text === undefined) {
    const missing = { path: name, got: undefined, rule: ruleOf(spec), fix: missingFix(edition, name, spec) };
    const value = typeof spec.default === "string" ? convert(spec, spec.default) : spec.default;
    return { value, problems: problemUnless(value !== undefined, missing) };
  }
  const secret = spec.secret === true;
  if (secret !== encrypted) return { value: undefined, problems: [secret ? inPlainText(name) : encryptedInVain(name, spec)] };
  if (secret && text === sealed) return { value: text, problems: [] };
  const value = convert(spec, text);
  const sample = isSample(spec, text);
  const problem = {
    path: name,
    got: secret ? (sample ? "[a sample secret]" : sealed) : text,
    rule: sample ? `${ruleOf(spec)}, and not one that stands in documents` : ruleOf(spec),
    fix: sample && !secret ? `With one of your own: pulumi config set ${name} VALUE` : setCommand(name, spec, text),
  };
  return { value, problems: problemUnless(value !== undefined && !sample, problem) };
}

function inPlainText(name: string): Problem {
  return {
    path: name,
    got: "a plain text",
    rule: "a secret, encrypted in the stack's file",
    fix: `pulumi config set --secret ${name}`,
  };
}

function encryptedInVain(name: string, spec: KeySpec): Problem {
  const rule = "a plain value: plans and state show this key, so encrypting it protects nothing";
  return { path: name, got: "a secret", rule, fix: `${setCommand(name, spec)} --plaintext` };
}

/** Those with a form of their own are as strong as it. Community's runtime is often one that takes any key and ignores it. */
function weakSecrets<E extends Edition>(edition: E, config: ConfigOf<E>, broken: ReadonlySet<string>): Problem[] {
  if (edition === "community" || broken.has("environment")) return [];
  const texts: Readonly<Record<string, unknown>> = config;
  const environment = texts["environment"] as EnvironmentName;
  return keysOf(edition).flatMap(([name, spec]) => {
    const text = texts[name];
    const unformed = spec.secret === true && spec.form === undefined && !broken.has(name);
    if (!unformed || typeof text !== "string" || text === sealed) return [];
    return strengthProblems(environment, name, text, setCommand(name, spec));
  });
}

/** The command that sets the key, with a value that shows what it takes; a secret's value is asked for or comes on stdin. */
export function setCommand(name: string, spec: KeySpec, got?: string): string {
  if (spec.secret === true) return `pulumi config set --secret ${name}`;
  const value = exampleOf(spec, got);
  return `pulumi config set ${name} ${/^[\w.,:/@=+-]+$/.test(value) ? value : `'${value}'`}`;
}

function missingFix(edition: Edition, name: string, spec: KeySpec): string {
  if (spec.by !== "fidus") return setCommand(name, spec);
  return edition === "community" ? "./fidus up community" : `./fidus init ${edition.split("-")[0]} --name NAME`;
}
