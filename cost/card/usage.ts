import { parse } from "yaml";
import { z } from "zod";
import { InvalidInputError, type Problem } from "../../infra/core/errors.ts";
import { amount, type Amount, type Currency } from "../money.ts";
import { parseMoney } from "./options.ts";

const number = "a number, 0 or more";
const figure = z
  .union([z.number(), z.string()], number)
  .refine((value) => amount(value)?.gte(0) === true && String(value).length <= 30, number);
const figures = z.record(z.string(), figure);
/** A usage file, as it is written. */
export const usageSchema = z.strictObject({
  types: z.record(z.string(), figures).optional().describe("figures a month by type: all resources of it"),
  resources: z
    .record(z.string(), figures)
    .optional()
    .describe("figures a month by logical name or URN; they win over the type's"),
  assume: z
    .record(z.string(), z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])))
    .optional()
    .describe("by logical name or URN: what to take for an input that is known only after the deployment"),
  generators: z
    .array(z.strictObject({ name: z.string(), kind: z.string().optional(), monthly: z.string(), covers: z.string().optional() }))
    .optional()
    .describe("cost that arises outside the plan: its kind, what it covers, and its amount a month, such as 6.49EUR"),
});

/** A cost that arises outside the plan, as its owner states it. */
export interface DeclaredGenerator {
  readonly name: string;
  /** Kind of found generator that it accounts for; null for one that no plan shows. */
  readonly kind: string | null;
  /** Part of the URN of the one it accounts for; null for all of its kind. */
  readonly covers: string | null;
  readonly amount: Amount;
  readonly currency: Currency;
}

interface Named {
  readonly urn: string;
  readonly name: string;
}

/** What a stack is used for a month, and what it makes others spend. */
export interface Usage {
  readonly generators: readonly DeclaredGenerator[];
  /** It gives figures: a use without one is then not known, and not left out. */
  readonly hasFigures: boolean;
  /** What to take for an input that is known only after the deployment; null where nothing is said. */
  assumed(resource: Named, input: string): string | number | boolean | null;
  /** The figure for a resource: by its URN or name, else by its type; null where none is given. */
  figure(resource: Named & { readonly type: string }, key: string): Amount | null;
  /** Entries that no resource of the plan asked for: mistyped, most likely. */
  unused(): readonly string[];
}

/** Reads a usage file (YAML or JSON). Throws InvalidInputError; `path` is its name in the message. */
export function parseUsage(text: string, path: string): Usage {
  const read = usageSchema.safeParse(load(text, path), { reportInput: true });
  if (!read.success) {
    const problems = read.error.issues.map((issue): Problem => ({
      path: [path, ...issue.path].join("."),
      got: issue.code === "unrecognized_keys" ? issue.keys.join(", ") : issue.input,
      rule: issue.code === "unrecognized_keys" ? "a key of a usage file" : issue.message,
      fix: "docs/cost-card.md shows a usage file.",
    }));
    throw new InvalidInputError("the usage file cannot be read", problems);
  }
  const { types = {}, resources = {}, assume = {}, generators = [] } = read.data;
  const asked = new Set<string>();
  const all = (["types", "resources", "assume"] as const).flatMap((part) =>
    Object.entries(read.data[part] ?? {}).flatMap(([name, keys]) => Object.keys(keys).map((key) => `${part}.${name}.${key}`)),
  );
  const ask = <T>(
    part: string,
    all: Readonly<Record<string, Readonly<Record<string, T>>>>,
    name: string,
    key: string,
  ): T | null => {
    // By name, and not what every object has: a resource may be called "constructor".
    const own = Object.hasOwn(all, name) ? all[name] : undefined;
    const found = own !== undefined && Object.hasOwn(own, key) ? own[key] : undefined;
    if (found !== undefined) asked.add(`${part}.${name}.${key}`);
    return found ?? null;
  };
  return {
    generators: generators.map(({ name, kind = null, covers = null, monthly }) => ({
      ...{ name, kind, covers },
      ...parseMoney(monthly, `${path}.generators.${name}`, "monthly: 200EUR"),
    })),
    hasFigures: [types, resources].some((part) => Object.values(part).some((keys) => Object.keys(keys).length > 0)),
    assumed: ({ urn, name }, input) => ask("assume", assume, urn, input) ?? ask("assume", assume, name, input),
    figure({ urn, name, type }, key) {
      const byType = ask("types", types, type, key);
      return amount(ask("resources", resources, urn, key) ?? ask("resources", resources, name, key) ?? byType);
    },
    unused: () => all.filter((entry) => !asked.has(entry)),
  };
}

function load(text: string, path: string): unknown {
  try {
    return parse(text) ?? {};
  } catch (error) {
    const got = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new InvalidInputError("the usage file cannot be read", [
      { path, got, rule: "YAML or JSON", fix: "docs/cost-card.md shows a usage file." },
    ]);
  }
}
