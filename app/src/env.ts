import { readFileSync } from "node:fs";
import { oldNames, settings, type SettingName, type Values } from "./settings.ts";
import type { Problem } from "./problems.ts";

/** A process environment. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What the environment says: parsed values, every problem, and notices about old names. */
export interface Reading {
  readonly values: Values;
  readonly problems: readonly Problem[];
  readonly notices: readonly string[];
}

/** Reads and checks all settings of the environment. Reads `<NAME>_FILE` files; throws nothing. */
export function readEnv(env: Env): Reading {
  const problems: Problem[] = [...unknownNames(env), ...uselessFiles(env)];
  const notices: string[] = [];
  const values: Record<string, unknown> = {};
  for (const name of Object.keys(settings) as SettingName[]) {
    const text = rawValue(env, name, problems, notices);
    if (text === undefined) continue;
    const { schema, rule, fix } = settings[name];
    const parsed = schema.safeParse(text);
    if (parsed.success) values[name] = parsed.data;
    else problems.push({ path: name, got: isSecret(name) ? "a hidden value" : text, rule, fix });
  }
  return { values: values as Values, problems, notices };
}

function isSecret(name: SettingName): boolean {
  return "secret" in settings[name];
}

function rawValue(env: Env, name: SettingName, problems: Problem[], notices: string[]): string | undefined {
  const fromFile = isSecret(name) ? secretFromFile(env, name, problems) : undefined;
  if (fromFile !== undefined) return fromFile;
  if (env[name] !== undefined) return env[name];
  const old = Object.entries(oldNames).find(([oldName, current]) => current === name && env[oldName] !== undefined);
  if (old === undefined) return undefined;
  notices.push(`${old[0]} is the old name of ${name}; rename it.`);
  return env[old[0]];
}

function secretFromFile(env: Env, name: SettingName, problems: Problem[]): string | undefined {
  const path = env[`${name}_FILE`];
  if (path === undefined) return undefined;
  if (env[name] !== undefined) {
    problems.push({ path: name, got: `both ${name} and ${name}_FILE`, rule: "one of them", fix: `Unset ${name}.` });
  }
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an error";
    problems.push({ path: `${name}_FILE`, got: path, rule: `a readable file (${code})`, fix: "Check the path and its owner." });
    return undefined;
  }
}

function unknownNames(env: Env): Problem[] {
  return Object.keys(env)
    .filter((name) => name.startsWith("FIDUS_") && !(name in settings))
    .map((name) => ({ path: name, got: env[name], rule: "a known setting", fix: `Unset ${name} or correct its spelling.` }));
}

/** Nobody reads them: who sets one believes that it holds. */
function uselessFiles(env: Env): Problem[] {
  return (Object.keys(settings) as SettingName[])
    .filter((name) => !isSecret(name) && !(`${name}_FILE` in settings) && env[`${name}_FILE`] !== undefined)
    .map((name) => {
      const path = `${name}_FILE`;
      return { path, got: env[path], rule: `${name} itself: only secrets come from files`, fix: settings[name].fix };
    });
}
