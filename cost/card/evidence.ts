import { z } from "zod";
import { isDuration, seconds } from "../../infra/core/units.ts";
import { wrong } from "./options.ts";

// What else is known of a backup may stand there, too.
const proof = z
  .looseObject({
    id: z.string().min(1).describe("how the backup is found again"),
    time: z.iso.datetime({ offset: true }).describe("when the copy was made, with a zone"),
    verified: z.boolean().describe("it was read back, or restored somewhere"),
    resources: z
      .array(z.string().min(1))
      .min(1)
      .describe("URNs of what it holds the data of: it proves nothing for anything else"),
    rpo: z
      .string()
      .refine(isDuration, "a duration such as 24 h")
      .optional()
      .describe("most that may be lost, such as 2 h, where that is less than the edition promises"),
    stack: z.string().optional().describe("stack it belongs to; it proves nothing for another one"),
  })
  .describe("proof of one backup");

/** A file of evidence, as it is written: by whoever makes the backups. */
export const evidenceSchema = z.union([proof, z.array(proof).min(1)]);

/** Proof of a backup. */
export interface Evidence {
  readonly id: string;
  /** When the copy was made. */
  readonly time: string;
  /** It was read back. */
  readonly verified: boolean;
  /** URNs of what it holds the data of. */
  readonly resources: readonly string[];
  /** Most that may be lost, where that is less than the edition promises; null: what the edition promises. */
  readonly rpoSeconds: number | null;
  /** Stack it belongs to; null where it does not say. */
  readonly stack: string | null;
  /** When it was shown, by the real clock: no option makes a backup younger. */
  readonly shown: Date;
}

/** One proof or a list. Throws InvalidInputError for anything else; `path` is the file in the message, `now` the real clock's time. */
export function parseEvidence(text: string, path: string, now: Date): readonly Evidence[] {
  const fix = "docs/cost-card.md shows a proof.";
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong(path, "no JSON document", "a proof of a backup", fix);
  }
  // By its form, so that a message says what is wrong with one proof and not that it is no list.
  const read = (Array.isArray(json) ? z.array(proof).min(1) : proof.transform((one) => [one])).safeParse(json, {
    reportInput: true,
  });
  if (!read.success) {
    const [issue] = read.error.issues;
    throw wrong([path, ...(issue?.path ?? [])].join("."), issue?.input, issue?.message ?? "evidence", fix);
  }
  return read.data.map(({ id, time, verified, resources, rpo, stack = null }) => ({
    ...{ id, time, verified, resources, stack, shown: now },
    rpoSeconds: rpo === undefined ? null : seconds(rpo),
  }));
}

/** What each edition promises to lose at most (docs/editions.md). Enterprise promises to lose nothing, which no copy can prove. */
const promised: Readonly<Record<string, number>> = {
  community: seconds("24 h"),
  starter: seconds("12 h"),
  pro: seconds("1 h"),
  enterprise: 0,
};

/** What a stack of no edition may lose at most: as much as the weakest promise. */
const mostOfAll = Math.max(...Object.values(promised));

/** Where a proof is to hold. */
export interface Occasion {
  readonly stack: string;
  /** Of the stack's config; null where it names none. */
  readonly edition: string | null;
}

/** Why none of them proves that the data of a resource can be had again; null when one does. */
export function proofProblem(
  evidence: readonly Evidence[],
  { urn, type }: { readonly urn: string; readonly type: string },
  occasion: Occasion,
): string | null {
  if (type.startsWith("aws:kms/")) return "no backup brings a key back";
  const about = evidence.filter(({ resources }) => resources.includes(urn));
  const problems = about.map((each) => evidenceProblem(each, occasion));
  return problems.length === 0 ? "no backup of it is shown" : problems.includes(null) ? null : (problems[0] ?? null);
}

/** Why it proves nothing here and now; null when it does. */
export function evidenceProblem(evidence: Evidence, { stack, edition }: Occasion): string | null {
  const { id, time, verified, rpoSeconds, stack: of, shown } = evidence;
  const promise = promised[edition?.split("-")[0] ?? ""] ?? mostOfAll;
  // Evidence may ask more of itself than the edition does, never less: else it would vouch for itself.
  const allowed = Math.min(rpoSeconds ?? promise, promise);
  const age = (shown.getTime() - Date.parse(time)) / 1000;
  if (of !== null && of !== stack) return `backup ${id} is of stack ${of}`;
  if (!verified) return `backup ${id} was never verified`;
  if (promise === 0) return `edition ${edition} promises to lose nothing, which no backup proves`;
  if (age < 0) return `backup ${id} is from the future`;
  return age <= allowed ? null : `backup ${id} is ${inHours(age)} h old, ${inHours(allowed)} h are allowed`;
}

/** Hours with one digit behind the point, never less than they are: `12.1`. */
function inHours(seconds: number): number {
  return Math.ceil(seconds / 360) / 10;
}
