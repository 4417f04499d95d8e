import { z } from "zod";
import { InvalidInputError } from "../../infra/core/errors.ts";

const map = z.record(z.string(), z.unknown());

/** A resource as the engine's state knows it; only what is read here. */
const state = z.object({
  urn: z.string().optional(),
  // Every type names its package, and so none can be the name of what every object has.
  type: z.string().includes(":"),
  custom: z.boolean().optional(),
  external: z.boolean().optional(),
  delete: z.boolean().optional(),
  protect: z.boolean().optional(),
  retainOnDelete: z.boolean().optional(),
  pendingReplacement: z.boolean().optional(),
  importID: z.string().optional(),
  created: z.string().optional(),
  provider: z.string().optional(),
  aliases: z.array(z.string()).nullish(),
  propertyDependencies: z.record(z.string(), z.array(z.string()).nullable()).nullish(),
  inputs: map.optional(),
});

const step = z
  .object({
    op: z.string(),
    urn: z.string(),
    oldState: state.nullish(),
    newState: state.nullish(),
    diffReasons: z.array(z.string()).nullish(),
    detailedDiff: map.nullish(),
  })
  // One without a state would be a resource that no total counts and no list names.
  .refine(({ oldState, newState }) => (newState ?? oldState) != null, { path: ["newState"] });

const digest = z.object({
  config: map.optional(),
  steps: z.array(step).optional(),
  changeSummary: z.record(z.string(), z.number()).optional(),
  diagnostics: z.array(z.object({ severity: z.string().optional(), message: z.string().optional() })).optional(),
  maybeCorrupt: z.boolean().optional(),
});

export type RawState = z.infer<typeof state>;
export type RawStep = z.infer<typeof step>;
/** The document of `pulumi preview --json`; it always has steps. */
export type Digest = z.infer<typeof digest> & { readonly steps: readonly RawStep[] };

/** Throws InvalidInputError for anything but the document of a preview; `file` is its name in the message. */
export function parseDigest(text: string, file: string): Digest {
  let json: unknown;
  if (isTooDeep(text)) throw refused(file, `values nested deeper than ${mostDepth}`, "the document of a preview");
  try {
    // Some shells begin a file with a byte order mark.
    json = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch {
    throw refused(file, text.trim() === "" ? "an empty file" : "no JSON document", "the document of a preview");
  }
  const read = digest.safeParse(json);
  if (read.success && read.data.steps !== undefined) return { ...read.data, steps: read.data.steps };
  const { steps, ...rest } = read.data ?? {};
  // A program that fails before its first resource leaves no list of steps.
  if (read.success && steps === undefined && failureOf(rest) !== null) return { ...rest, steps: [] };
  const where = read.error?.issues[0]?.path.join(".") ?? "steps";
  const got = where === "" ? "JSON that is no object" : `JSON without the ${where} of a preview`;
  throw refused(file, got, "the document of a preview");
}

/** Deepest nesting of a plan; values that no input has would end what walks through them. */
const mostDepth = 500;

const codes = { quote: 34, backslash: 92, brackets: [91, 123], ends: [93, 125] } as const;

/** By code, not by character: 10,000 resources are a third of a second apart. */
function isTooDeep(text: string): boolean {
  const [list, object] = codes.brackets;
  const [listEnd, objectEnd] = codes.ends;
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length && depth <= mostDepth; at += 1) {
    const code = text.charCodeAt(at);
    if (code === codes.quote) quoted = !quoted;
    else if (quoted) at += code === codes.backslash ? 1 : 0;
    else if (code === list || code === object) depth += 1;
    else if (code === listEnd || code === objectEnd) depth -= 1;
  }
  return depth > mostDepth;
}

/** Why the engine refuses the plan; null when it does not. */
export function failureOf({
  diagnostics = [],
  maybeCorrupt = false,
}: Pick<Digest, "diagnostics" | "maybeCorrupt">): string | null {
  const error = diagnostics.find(({ severity }) => severity === "error");
  if (error !== undefined) return error.message?.trim() || "an error without a message";
  return maybeCorrupt ? "the engine says that the state may be corrupt" : null;
}

export function refused(file: string, got: string, rule: string): InvalidInputError {
  const fix = "pulumi preview --json --show-sames > plan.json";
  return new InvalidInputError("this plan cannot be read", [{ path: file, got, rule, fix }]);
}
