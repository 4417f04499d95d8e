import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { wrongInput } from "../cli/errors.ts";

const settings = z.record(z.string(), z.string());
const stackSchema = z.strictObject({
  settings,
  /** Length of what stands in for each secret: a preview of an empty stack uses none, but looks at its form. */
  placeholders: z.record(z.string(), z.int().positive()),
  /** What `--usage` takes: the types of servers that are chosen only when they are bought, for example. */
  usage: z.unknown().optional(),
});

/** A stack that a pull request is previewed for: its plain settings, and placeholders for its secrets. */
export interface CiStack {
  readonly name: string;
  readonly settings: Readonly<Record<string, string>>;
  readonly secrets: Readonly<Record<string, string>>;
  /** Text of a usage file; null for none. */
  readonly usage: string | null;
}

const file = "ci/stacks.json";

/**
 * The named stack as a checkout's own `ci/stacks.json` has it, since settings change with the program; a checkout from before that
 * file takes them from `fallback`. Throws exit 2 for a name that is in neither.
 */
export async function ciStack(name: string, checkout: string, fallback: string): Promise<CiStack> {
  const own = existsSync(join(checkout, file)) ? await readStacks(checkout) : {};
  const stacks = { ...(await readStacks(fallback)), ...own };
  const found = Object.hasOwn(stacks, name) ? stacks[name] : undefined;
  if (found === undefined) {
    const names = Object.keys(stacks);
    throw wrongInput("that stack is not previewed for pull requests", [
      { path: "stack", got: name, rule: `one of ${names.join(", ")}`, fix: `.ci/preview --base main --out cards ${names[0]}` },
    ]);
  }
  const secrets = Object.entries(found.placeholders).map(([key, length]) => [key, "0".repeat(length)]);
  return {
    name,
    settings: found.settings,
    secrets: Object.fromEntries(secrets) as Record<string, string>,
    usage: found.usage === undefined ? null : JSON.stringify(found.usage),
  };
}

/** Every stack of a checkout, by name. */
export async function readStacks(checkout: string): Promise<Readonly<Record<string, z.infer<typeof stackSchema>>>> {
  return z.record(z.string(), stackSchema).parse(JSON.parse(await readFile(join(checkout, file), "utf8")));
}
