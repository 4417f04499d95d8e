import { z } from "zod";
import { isDuration, seconds } from "../../infra/core/units.ts";
import { wrong } from "./options.ts";

const schema = z.object({
  id: z.string().min(1),
  time: z.iso.datetime({ offset: true }),
  verified: z.boolean(),
  rpo: z.string().refine(isDuration, "a duration such as 24 h").optional(),
  stack: z.string().optional(),
});

/** Proof of a backup. Nothing of Fidus writes it yet: whoever makes the backup does. */
export interface Evidence {
  readonly id: string;
  /** When the copy was made. */
  readonly time: string;
  /** It was read back. */
  readonly verified: boolean;
  /** Most that may be lost, where that is less than the edition promises; null: what the edition promises. */
  readonly rpoSeconds: number | null;
  /** Stack it belongs to; null where it does not say. */
  readonly stack: string | null;
  /** When it was shown, by the real clock: no option makes a backup younger. */
  readonly shown: Date;
}

/** Throws InvalidInputError for anything else; `path` is the file in the message, `now` the time of the real clock. */
export function parseEvidence(text: string, path: string, now: Date): Evidence {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong(path, "no JSON document", "a proof of a backup", "See docs/cost-card.md.");
  }
  const read = schema.safeParse(json, { reportInput: true });
  if (!read.success) {
    const [issue] = read.error.issues;
    throw wrong([path, ...(issue?.path ?? [])].join("."), issue?.input, issue?.message ?? "evidence", "See docs/cost-card.md.");
  }
  const { id, time, verified, rpo, stack = null } = read.data;
  return { id, time, verified, rpoSeconds: rpo === undefined ? null : seconds(rpo), stack, shown: now };
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
